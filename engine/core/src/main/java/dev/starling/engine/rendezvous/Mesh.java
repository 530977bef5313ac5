package dev.starling.engine.rendezvous;

import dev.starling.engine.rendezvous.Connection.Purpose;
import dev.starling.engine.rendezvous.Member.Standing;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The links between members: who dials whom, news of members, signs of life, death and departure.
 * Belongs to the link's thread.
 *
 * <pre>
 *            news: the higher rank dials          connection breaks
 *  UNKNOWN ----------------------------&gt; PENDING ---&gt; UP &lt;----------&gt; SUSPECT
 *                                           |          |  made again      |  refused, or too late
 *                                           v          v  silence         v
 *                                          DEAD &lt;-----------------------------   LEFT: it said so
 *  any --- news of a higher incarnation ---&gt; DEAD, then PENDING
 * </pre>
 *
 * <p>A broken connection is made again by the side that made it; the other side only looks whether
 * the peer's address still answers, so that a process that ended is noticed at once.
 */
final class Mesh {
  private static final long REDIAL_NS = 50_000_000L;

  private final LinkLoop loop;
  private final ControlLink.Context context;
  private final MemberTable table;
  private final Requests requests;
  private final Directory directory;
  private final Member[] members;
  private String published;
  private long nextHeartbeatNs;

  Mesh(
      LinkLoop loop,
      ControlLink.Context context,
      MemberTable table,
      Requests requests,
      Directory directory) {
    this.loop = loop;
    this.context = context;
    this.table = table;
    this.requests = requests;
    this.directory = directory;
    members = directory.members();
  }

  // What the owner wants.

  void publish(String info) {
    published = info;
    table.publish(directory.own().rank(), directory.own().incarnation(), info);
    for (Member member : members) {
      if (member.standing() == Standing.UP) {
        member.connection().send(new Frame(Frame.PUBLISH).putText(info));
      }
    }
  }

  void request(int rank, byte[] body, ControlLink.Reply reply) {
    if (rank == directory.own().rank()) {
      requests.askSelf(directory.own().incarnation(), body, reply);
    } else {
      Member member = members[rank];
      Connection link = member.standing() == Standing.UP ? member.connection() : null;
      requests.ask(rank, link, body, reply, loop.nowNs());
    }
  }

  void signal(int rank, int kind, long value) {
    if (rank == directory.own().rank()) {
      loop.tell(l -> l.onSignal(rank, directory.own().incarnation(), kind, value));
    } else if (members[rank].standing() == Standing.UP) {
      members[rank].connection().send(new Frame(Frame.SIGNAL).putInt(kind).putLong(value));
    }
  }

  void leave() {
    for (Member member : members) {
      if (member.standing() == Standing.UP) {
        member.connection().send(new Frame(Frame.LEAVE));
        member.connection().drain(loop.nowNs());
      } else if (member.connection() != null) {
        loop.discard(member.connection());
      }
    }
  }

  // Frames.

  void onFrame(Connection connection, int kind, ByteBuffer body) {
    switch (kind) {
      case Frame.MEET -> onMeet(connection, body);
      case Frame.MET -> onMet(connection, body);
      default -> onMemberFrame(connection, kind, body);
    }
  }

  private void onMemberFrame(Connection connection, int kind, ByteBuffer body) {
    Member member = connection.member();
    if (member == null || member.connection() != connection) {
      throw new LinkException(
          "frame " + kind + " came before the peer said who it is: report this bug");
    }
    member.heardNs(loop.nowNs());
    int rank = member.rank();
    int theirs = member.incarnation();
    switch (kind) {
      case Frame.MEMBER -> {
        onNews(Identity.read(body), Frame.getInt(body) != 0, body);
        loop.joining().tableEntry(connection);
      }
      case Frame.HEARTBEAT -> onHeartbeat(member, body);
      case Frame.PUBLISH -> {
        String info = Frame.getText(body);
        table.publish(rank, theirs, info);
        loop.tell(l -> l.onPublished(rank, theirs, info));
      }
      case Frame.REQUEST -> requests.answer(connection, rank, theirs, body);
      case Frame.REPLY -> requests.replied(rank, body);
      case Frame.SIGNAL -> {
        int signal = Frame.getInt(body);
        long value = Frame.getLong(body);
        loop.tell(l -> l.onSignal(rank, theirs, signal, value));
      }
      case Frame.LEAVE -> onLeave(member);
      default ->
          throw new LinkException(
              "frame " + kind + " is unknown: run the same version of Starling on every host");
    }
  }

  private void onHeartbeat(Member member, ByteBuffer body) {
    long digest = Frame.getLong(body);
    directory.takeProgress(body, member.rank());
    // Two that know different members tell each other; whoever was admitted elsewhere is found so.
    if (digest != directory.digest()
        && member.maySendTable(loop.nowNs(), 5 * context.heartbeatNs())) {
      directory.sendTable(member.connection(), member.rank());
    }
  }

  private void onLeave(Member member) {
    loop.discard(member.connection());
    member.connection(null);
    member.standing(Standing.LEFT);
    table.closed(member.rank(), member.incarnation());
    requests.failAll(member.rank(), member + " left the job before it replied");
    loop.tell(l -> l.onLeft(member.rank(), member.incarnation()));
    loop.joining().check();
  }

  // News of members.

  /** Takes news of a rank from anybody; what it said when it lived follows in the body. */
  private void onNews(Identity identity, boolean alive, ByteBuffer body) {
    int rank = identity.rank();
    directory.requireRank(identity);
    if (rank == directory.own().rank()) {
      if (identity.incarnation() > directory.own().incarnation()) {
        loop.tell(
            l ->
                l.onWarning(
                    directory.own()
                        + " was replaced by incarnation "
                        + identity.incarnation()
                        + ": end it"));
      }
      return;
    }
    Member member = members[rank];
    if (identity.incarnation() <= member.incarnation()) {
      return;
    }
    replace(member, identity);
    if (!alive) {
      member.standing(Standing.DEAD);
      table.dead(rank, identity.incarnation());
      directory.takeLegacy(body, identity);
      return;
    }
    pend(member);
  }

  /** The old incarnation is dead before the new one is known. */
  private void replace(Member member, Identity identity) {
    if (member.isAlive()) {
      declareDead(member, "it was replaced by incarnation " + identity.incarnation());
    }
    identity.address();
    member.identity(identity);
  }

  private void pend(Member member) {
    member.standing(Standing.PENDING);
    member.dials(directory.own().rank() > member.rank());
    member.deadlineNs(loop.nowNs() + context.deadAfterNs());
    if (member.dials()) {
      dial(member, context.deadAfterNs());
    }
  }

  private void dial(Member member, long limitNs) {
    member.connection(loop.dial(Purpose.MEET, member.identity().address(), member, limitNs));
  }

  // Meeting.

  void sendMeet(Connection connection) {
    Member member = connection.member();
    connection.send(
        directory
            .own()
            .write(new Frame(Frame.MEET))
            .putLong(directory.jobId())
            .putLong(directory.founding())
            .putInt(members.length)
            .putText(context.shape())
            .putLong(member.identity().instance()));
  }

  void sendInvite(Connection connection) {
    connection.send(directory.own().write(new Frame(Frame.INVITE)).putLong(directory.founding()));
  }

  private void onMeet(Connection connection, ByteBuffer body) {
    Identity peer = Identity.read(body).seenFrom(connection.remote());
    final long job = Frame.getLong(body);
    final long foundingNumber = Frame.getLong(body);
    final int worldSize = Frame.getInt(body);
    final String shape = Frame.getText(body);
    long target = Frame.getLong(body);
    if (target != directory.own().instance()) {
      String reason = "another process listens there now: " + directory.own();
      loop.refuse(connection, Refusal.GONE, peer, reason, true);
      loop.joining().invited(peer.address());
      return;
    }
    if (!directory.isAdmitted()) {
      loop.joining().park(connection, () -> meet(connection, peer, job, foundingNumber));
      return;
    }
    String mismatch = Admission.mismatch(context, worldSize, shape);
    if (mismatch != null) {
      loop.refuse(connection, Refusal.FINAL, peer, mismatch, false);
      return;
    }
    meet(connection, peer, job, foundingNumber);
  }

  private void meet(Connection connection, Identity peer, long job, long foundingNumber) {
    directory.requireRank(peer);
    Member member = members[peer.rank()];
    boolean same = member.identity() != null && member.identity().instance() == peer.instance();
    String refusal = null;
    if (job != directory.jobId()
        || foundingNumber != directory.founding()
        || peer.rank() == directory.own().rank()) {
      refusal = "it belongs to another run of the job: stop all ranks of one of them";
    } else if (peer.incarnation() < member.incarnation()) {
      refusal = "incarnation " + member.incarnation() + " of it has joined since: end it";
    } else if (peer.incarnation() == member.incarnation() && !same) {
      refusal = "another process is this rank already: start every rank once";
    } else if (same && !member.isAlive()) {
      refusal = "it was declared dead here: start it again, so that it joins anew";
    }
    if (refusal != null) {
      loop.refuse(connection, Refusal.EXPELLED, peer, refusal, false);
      return;
    }
    if (peer.incarnation() > member.incarnation()) {
      replace(member, peer);
      member.standing(Standing.PENDING);
    }
    connection.send(directory.own().write(new Frame(Frame.MET)));
    up(member, connection, false);
  }

  private void onMet(Connection connection, ByteBuffer body) {
    Member member = connection.member();
    Identity peer = Identity.read(body);
    if (member == null
        || member.connection() != connection
        || peer.instance() != member.identity().instance()) {
      throw new LinkException(
          "an answer came from " + peer + " that was not asked: report this bug");
    }
    up(member, connection, true);
  }

  /** The link to a member is up, over a connection that either side made. */
  void up(Member member, Connection connection, boolean dialled) {
    Connection before = member.connection();
    if (before != null && before != connection) {
      loop.discard(before);
    }
    final boolean again = member.standing() == Standing.SUSPECT || member.standing() == Standing.UP;
    member.connection(connection);
    connection.linked(member);
    member.dials(dialled);
    member.standing(Standing.UP);
    member.heardNs(loop.nowNs());
    Identity identity = member.identity();
    table.alive(member.rank(), identity.incarnation(), identity.hostId().equals(context.hostId()));
    if (!again) {
      String address = new Endpoint(identity.host(), identity.port()).toString();
      loop.tell(l -> l.onUp(member.rank(), identity.incarnation(), address));
    }
    if (published != null) {
      connection.send(new Frame(Frame.PUBLISH).putText(published));
    }
    connection.send(heartbeat());
    loop.joining().check();
  }

  // Death.

  void onRefused(Connection connection, int code, String text) {
    Member member = connection.member();
    if (member.connection() != connection) {
      return;
    }
    if (code == Refusal.EXPELLED) {
      int rank = member.rank();
      String sentence = member + " does not accept this rank: " + text;
      loop.tell(l -> l.onExpelled(rank, sentence));
    }
    member.connection(null);
    declareDead(member, text);
  }

  void onBroken(Connection connection, String reason) {
    Member member = connection.member();
    if (member == null || !member.isAlive()) {
      return;
    }
    if (!Objects.equals(member.connection(), connection)) {
      return;
    }
    member.connection(null);
    switch (member.standing()) {
      case UP -> suspect(member, reason);
      case SUSPECT -> declareDead(member, "its connection cannot be made again: " + reason);
      default -> {
        // A member listens before it joins, so where nobody listens its process has ended.
        if (connection.isDeserted()) {
          declareDead(member, "nobody listens at its address");
        } else {
          member.retryNs(loop.nowNs() + REDIAL_NS);
        }
      }
    }
  }

  private void suspect(Member member, String reason) {
    requests.failAll(
        member.rank(),
        "the connection to "
            + member
            + " broke ("
            + reason
            + "): whether it did what was asked is not known");
    if (member.breaks(loop.nowNs(), context.deadAfterNs())) {
      declareDead(member, "its connection broke again: " + reason);
      return;
    }
    loop.tell(l -> l.onWarning("the connection to " + member + " broke: " + reason));
    member.standing(Standing.SUSPECT);
    member.deadlineNs(loop.nowNs() + context.reconnectNs());
    if (member.dials()) {
      dial(member, context.reconnectNs());
    } else {
      member.connection(
          loop.dial(Purpose.PROBE, member.identity().address(), member, context.reconnectNs()));
    }
  }

  private void declareDead(Member member, String reason) {
    if (member.connection() != null) {
      loop.discard(member.connection());
      member.connection(null);
    }
    member.standing(Standing.DEAD);
    table.dead(member.rank(), member.incarnation());
    String sentence = member + " is dead: " + reason;
    requests.failAll(member.rank(), sentence);
    int dead = member.incarnation();
    loop.tell(l -> l.onDead(member.rank(), dead, sentence));
    loop.joining().check();
  }

  // Time.

  /** Time in which this thread did not run says nothing about the others. */
  void slept(long forNs) {
    if (forNs > context.heartbeatNs()) {
      for (Member member : members) {
        member.heardNs(member.heardNs() + forNs);
        member.deadlineNs(member.deadlineNs() + forNs);
      }
    }
  }

  void tick() {
    long nowNs = loop.nowNs();
    boolean beat = directory.isAdmitted() && nowNs - nextHeartbeatNs >= 0;
    for (Member member : members) {
      switch (member.standing()) {
        case UP -> {
          long silentNs = nowNs - member.heardNs();
          if (silentNs > context.deadAfterNs()) {
            declareDead(member, "it was silent for " + silentNs / 1_000_000 + " ms");
          } else if (beat && !member.connection().hasOutput()) {
            member.connection().send(heartbeat());
          }
        }
        case PENDING, SUSPECT -> watch(member, nowNs);
        default -> {
          // Nothing is expected of it.
        }
      }
    }
    if (beat) {
      nextHeartbeatNs = nowNs + context.heartbeatNs();
    }
  }

  private void watch(Member member, long nowNs) {
    if (nowNs - member.deadlineNs() >= 0) {
      declareDead(member, "no connection to it came about in time");
    } else if (member.standing() == Standing.PENDING
        && member.dials()
        && member.connection() == null
        && nowNs - member.retryNs() >= 0) {
      dial(member, member.deadlineNs() - nowNs);
    }
  }

  private Frame heartbeat() {
    return directory.putProgress(
        new Frame(Frame.HEARTBEAT).putLong(directory.digest()), directory.own().rank());
  }
}
