package dev.starling.engine.rendezvous;

import java.nio.ByteBuffer;

/** What a member answers to a rank that wants to join. */
final class Admission {
  /**
   * What the joining rank says.
   *
   * @param who the rank; its incarnation may be {@link ControlLink#NEXT}
   * @param worldSize the number of ranks that it was started with
   * @param jobId the job that it was started for, 0 for any
   * @param shape what must be equal on all ranks
   */
  record Wish(Identity who, int worldSize, long jobId, String shape) {
    static Wish read(ByteBuffer body) {
      return new Wish(
          Identity.read(body), Frame.getInt(body), Frame.getLong(body), Frame.getText(body));
    }

    Frame write() {
      return who.write(new Frame(Frame.JOIN)).putInt(worldSize).putLong(jobId).putText(shape);
    }
  }

  /**
   * The answer.
   *
   * @param code 0 when the rank is admitted, else why not
   * @param sentence what to tell a person, null when the rank is admitted
   * @param incarnation what it is admitted with
   */
  record Verdict(int code, String sentence, int incarnation) {
    static Verdict refused(int code, String sentence) {
      return new Verdict(code, sentence, -1);
    }

    boolean isAdmitted() {
      return code == 0;
    }
  }

  private Admission() {}

  /** {@return why a rank with these does not fit the job, or null} */
  static String mismatch(ControlLink.Context context, int worldSize, String shape) {
    if (worldSize != context.worldSize()) {
      return "it was started for "
          + worldSize
          + " ranks but rank "
          + context.rank()
          + " for "
          + context.worldSize()
          + ": give every rank the same world size";
    }
    if (!shape.equals(context.shape())) {
      return "its model or options differ: it has \""
          + shape
          + "\" but rank "
          + context.rank()
          + " has \""
          + context.shape()
          + "\": start every rank with the same options";
    }
    return null;
  }

  static Verdict judge(ControlLink.Context context, Directory directory, Wish wish) {
    Identity who = wish.who();
    String mismatch = mismatch(context, wish.worldSize(), wish.shape());
    if (mismatch != null) {
      return Verdict.refused(Refusal.FINAL, mismatch);
    }
    if (who.rank() < 0 || who.rank() >= context.worldSize()) {
      return Verdict.refused(
          Refusal.FINAL, "a job of " + context.worldSize() + " ranks has no such rank: correct it");
    }
    if (wish.jobId() != 0 && wish.jobId() != directory.jobId()) {
      return Verdict.refused(
          Refusal.FINAL,
          "it was started for job "
              + Long.toHexString(wish.jobId())
              + " but this is job "
              + Long.toHexString(directory.jobId())
              + ": correct the job id or the address");
    }
    return judgeIncarnation(context, directory, who);
  }

  private static Verdict judgeIncarnation(
      ControlLink.Context context, Directory directory, Identity who) {
    boolean self = who.rank() == context.rank();
    Member member = directory.member(who.rank());
    Identity known = self ? directory.own() : member.identity();
    int last = known == null ? -1 : known.incarnation();
    boolean same = known != null && known.instance() == who.instance();
    if (!self && same && member.isAlive()) {
      return new Verdict(0, null, last);
    }
    if (self || member.isAlive()) {
      return Verdict.refused(
          Refusal.ALIVE_STILL,
          "rank "
              + who.rank()
              + " is alive already as incarnation "
              + last
              + (self ? "" : " at " + new Endpoint(known.host(), known.port()))
              + ": start every rank once, or end that process first");
    }
    if (who.incarnation() == ControlLink.NEXT) {
      return new Verdict(0, null, last + 1);
    }
    if (who.incarnation() <= last) {
      return Verdict.refused(
          Refusal.FINAL,
          "incarnation "
              + who.incarnation()
              + " was asked for but incarnation "
              + last
              + " has been: ask for "
              + (last + 1)
              + " or for the next one");
    }
    return new Verdict(0, null, who.incarnation());
  }
}
