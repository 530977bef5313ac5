package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;

/** One launch for each operation, over the memory where it lies, on one stream. */
final class MappedPlacement implements Placement {
  private final Launcher launcher;
  private final CudaStream stream;
  private final CudaEvent[] marks;

  MappedPlacement(CudaContext context, int slots) {
    launcher = new Launcher(context);
    stream = context.newStream();
    marks = new CudaEvent[slots];
    for (int i = 0; i < slots; i++) {
      marks[i] = context.newEvent();
    }
  }

  @Override
  public void submit(Call call) {
    launcher.launch(stream, call);
  }

  @Override
  public CudaStream serial() {
    return stream;
  }

  @Override
  public void mark(int slot) {
    stream.record(marks[slot]);
  }

  @Override
  public boolean isComplete(int slot) {
    return marks[slot].isComplete();
  }
}
