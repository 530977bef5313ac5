package dev.starling.engine.rendezvous;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The questions that were asked and not answered yet; each gets exactly one reply: the peer's, or a
 * failure when time is up, the peer is gone or the link closes. Belongs to the link's thread.
 */
final class Requests {
  private record Pending(int rank, long deadlineNs, long timeoutNs, ControlLink.Reply reply) {}

  private static final int ANSWERED = 0;
  private static final int FAILED = 1;
  private static final int OVERHEAD_BYTES = 32;

  private final ControlLink.Context context;
  private final Consumer<Throwable> uncaught;
  private final Map<Long, Pending> pending = new HashMap<>();
  private volatile ControlLink.RequestHandler handler;
  private long lastId;

  Requests(ControlLink.Context context, Consumer<Throwable> uncaught) {
    this.context = context;
    this.uncaught = uncaught;
  }

  /** Sets who answers; from any thread. */
  void handler(ControlLink.RequestHandler value) {
    handler = value;
  }

  /** Sends a question, or fails it at once. */
  void ask(int rank, Connection connection, byte[] body, ControlLink.Reply reply, long nowNs) {
    if (connection == null) {
      fail(reply, "rank " + rank + " was asked but there is no link to it: ask when it has joined");
      return;
    }
    if (body.length + OVERHEAD_BYTES > context.maxFrameBytes()) {
      fail(
          reply,
          "a request of "
              + body.length
              + " bytes to rank "
              + rank
              + " does not fit the largest frame of "
              + context.maxFrameBytes()
              + " bytes: raise it on every rank");
      return;
    }
    if (!connection.hasRoomFor(body.length + OVERHEAD_BYTES)) {
      fail(
          reply,
          "rank "
              + rank
              + " does not read what was sent before ("
              + context.maxBacklogBytes()
              + " bytes wait): ask less at a time");
      return;
    }
    long id = ++lastId;
    pending.put(
        id,
        new Pending(rank, nowNs + context.requestTimeoutNs(), context.requestTimeoutNs(), reply));
    connection.send(new Frame(Frame.REQUEST).putLong(id).putBytes(body));
  }

  /** Answers a question of a rank, this one included. */
  void answer(Connection connection, int rank, int incarnation, ByteBuffer body) {
    long id = Frame.getLong(body);
    byte[] question = Frame.getBytes(body);
    Frame frame = new Frame(Frame.REPLY).putLong(id);
    int begin = frame.length();
    try {
      frame.putInt(ANSWERED).putBytes(handle(rank, incarnation, question));
    } catch (RuntimeException failure) {
      frame = failure(id, String.valueOf(failure.getMessage()));
    }
    if (frame.length() > context.maxFrameBytes()) {
      frame =
          failure(
              id,
              "the reply has "
                  + (frame.length() - begin)
                  + " bytes and does not fit the largest frame of "
                  + context.maxFrameBytes()
                  + " bytes: raise it on every rank");
    }
    connection.send(frame);
  }

  private static Frame failure(long id, String sentence) {
    return new Frame(Frame.REPLY).putLong(id).putInt(FAILED).putText(sentence);
  }

  private byte[] handle(int rank, int incarnation, byte[] question) {
    ControlLink.RequestHandler current = handler;
    if (current == null) {
      throw new LinkException(
          "rank " + context.rank() + " answers no requests yet: ask when it has joined");
    }
    byte[] answer = current.handle(rank, incarnation, question);
    if (answer == null) {
      throw new LinkException(
          "the request handler of rank " + context.rank() + " returned nothing: report this bug");
    }
    return answer;
  }

  /** Asks this rank itself. */
  void askSelf(int incarnation, byte[] body, ControlLink.Reply reply) {
    byte[] answer;
    try {
      answer = handle(context.rank(), incarnation, body);
    } catch (RuntimeException failure) {
      fail(reply, String.valueOf(failure.getMessage()));
      return;
    }
    succeed(reply, answer);
  }

  /** Takes a reply; one that comes too late is dropped, for its asker was told of the timeout. */
  void replied(int rank, ByteBuffer body) {
    Pending question = pending.get(Frame.getLong(body));
    if (question == null || question.rank() != rank) {
      return;
    }
    pending.remove(body.getLong(body.position() - Long.BYTES));
    if (Frame.getInt(body) == ANSWERED) {
      succeed(question.reply(), Frame.getBytes(body));
    } else {
      fail(question.reply(), Frame.getText(body));
    }
  }

  /** Fails what was asked of a rank. */
  void failAll(int rank, String sentence) {
    failWhere(question -> question.rank() == rank, question -> sentence);
  }

  /** Fails everything: the link closes. */
  void failAll(String sentence) {
    failWhere(question -> true, question -> sentence);
  }

  void tick(long nowNs) {
    failWhere(
        question -> nowNs - question.deadlineNs() >= 0,
        question ->
            "rank "
                + question.rank()
                + " did not reply within "
                + question.timeoutNs() / 1_000_000
                + " ms: whether it did what was asked is not known");
  }

  private void failWhere(
      java.util.function.Predicate<Pending> which,
      java.util.function.Function<Pending, String> sentence) {
    if (pending.isEmpty()) {
      return;
    }
    List<Pending> failed = new ArrayList<>();
    for (Iterator<Pending> all = pending.values().iterator(); all.hasNext(); ) {
      Pending question = all.next();
      if (which.test(question)) {
        all.remove();
        failed.add(question);
      }
    }
    failed.forEach(question -> fail(question.reply(), sentence.apply(question)));
  }

  private void succeed(ControlLink.Reply reply, byte[] answer) {
    try {
      reply.onReply(answer);
    } catch (RuntimeException failure) {
      uncaught.accept(failure);
    }
  }

  /** Tells one asker of a failure. */
  void fail(ControlLink.Reply reply, String sentence) {
    try {
      reply.onFailure(sentence);
    } catch (RuntimeException failure) {
      uncaught.accept(failure);
    }
  }
}
