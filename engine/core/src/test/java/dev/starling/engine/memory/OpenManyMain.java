package dev.starling.engine.memory;

import dev.starling.engine.StarlingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Opens a file until the process may open no more, and prints what it was told. */
public final class OpenManyMain {
  private static final int MORE_THAN_THE_LIMIT = 1_000;

  private OpenManyMain() {}

  public static void main(String[] arguments) {
    List<SharedFile> open = new ArrayList<>();
    // Folders of classes need a file each: everything is loaded before there are none.
    SharedFile.open(Path.of(arguments[0])).close();
    if (!noSuchFile(arguments[0] + "-missing")) {
      return;
    }
    try {
      while (open.size() < MORE_THAN_THE_LIMIT) {
        open.add(SharedFile.open(Path.of(arguments[0])));
      }
      System.out.println("no limit was met");
    } catch (StarlingException expected) {
      open.forEach(SharedFile::close);
      System.out.println(expected.getMessage());
    }
  }

  private static boolean noSuchFile(String path) {
    try (SharedFile file = SharedFile.open(Path.of(path))) {
      System.out.println("there is a file " + file.path());
      return false;
    } catch (StarlingException expected) {
      return true;
    }
  }
}
