package dev.starling.engine.rendezvous;

import dev.starling.engine.rendezvous.Connection.Purpose;
import dev.starling.engine.rendezvous.Member.Standing;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
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
  private final Member[] members;
  private Identity own;
  private volatile int incarnation = ControlLink.NEXT;
  private volatile long jobId;
  private volatile String ownHost;
  private long founding;
  private boolean admitted;
  private String published;
  private long nextHeartbeatNs;

  Mesh(
      LinkLoop loop,
      ControlLink.Context context,
      MemberTable table,
      Requests requests,
      int listenPort) {
    this.loop = loop;
    this.context = context;
    this.table = table;
    this.requests = requests;
    members = new Member[context.worldSize()];
    for (int rank = 0; rank < members.length; rank++) {
      members[rank] = new Member(rank);
    }
    ownHost = context.advertise().isEmpty() ? context.bindAddress() : context.advertise();
    long instance = new SecureRandom().nextLong();
    own =
        new Identity(
            context.rank(),
            context.incarnation(),
            instance,
            context.hostId(),
            context.advertise(),
            listenPort);
  }

  /** {@return the address that others of this rank's network can reach it at; any thread} */
  String ownHost() {
    return ownHost;
  }

  /** Takes the address that a connection to a member goes out from. */
  void ownHost(String value) {
    if (context.advertise().isEmpty()
        && InetAddress.ofLiteral(context.bindAddress()).isAnyLocalAddress()) {
      ownHost = value;
    }
  }

  Identity own() {
    return own;
  }

  int incarnation() {
    return incarnation;
  }

  long jobId() {
    return jobId;
  }

  long founding() {
    return founding;
  }

  boolean isAdmitted() {
    return admitted;
  }

  Member member(int rank) {
    return members[rank];
  }

  int worldSize() {
    return members.length;
  }

  /** This rank is a member from now on. */
  void admitted(int withIncarnation, long job, long foundingNumber) {
    own = own.withIncarnation(withIncarnation);
    jobId = job;
    founding = foundingNumber;
    admitted = true;
    incarnation = withIncarnation;
    table.alive(own.rank(), withIncarnation, true);
  }

  // What the owner wants.

  void publish(String info) {
    published = info;
    table.publish(own.rank(), own.incarnation(), info);
    for (Member member : members) {
      if (member.standing() == Standing.UP) {
        member.connection().send(new Frame(Frame.PUBLISH).putText(info));
      }
    }
  }

  void request(int rank, byte[] body, ControlLink.Reply reply) {
    if (rank == own.rank()) {
      requests.askSelf(own.incarnation(), body, reply);
    } else {
      Member member = members[rank];
      Connection link = member.standing() == Standing.UP ? member.connection() : null;
      requests.ask(rank, link, body, reply, loop.nowNs());
    }
  }

  void signal(int rank, int kind, long value) {
    if (rank == own.rank()) {
      loop.tell(l -> l.onSignal(rank, own.incarnation(), kind, value));
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
        onNews(Identity.read(body), Frame.getInt(body) != 0);
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
    int count = Frame.getInt(body);
    for (int i = 0; i < count; i++) {
      long value = Frame.getLong(body);
      if (i < table.progressLongs()) {
        table.progress(member.rank(), i, value);
      }
    }
    // Two that know different members tell each other; whoever was admitted elsewhere is found so.
    if (digest != digest() && member.maySendTable(loop.nowNs(), 5 * context.heartbeatNs())) {
      sendTable(member.connection(), member.rank());
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

  private long digest() {
    long sum = mix(own.rank(), own.incarnation());
    for (Member member : members) {
      sum += member.identity() == null ? 0 : mix(member.rank(), member.incarnation());
    }
    return sum;
  }

  private static long mix(int rank, int incarnation) {
    long z = ((long) rank << 32 | incarnation) * 0x9e3779b97f4a7c15L + 0x632be59bd9b4e019L;
    z = (z ^ (z >>> 32)) * 0xd6e8feb86659fd93L;
    return z ^ (z >>> 32);
  }

  /** Sends what is known of everybody but the two ends; {@return how many ranks that are} */
  int sendTable(Connection connection, int receiver) {
    int count = 0;
    for (Member member : members) {
      if (member.rank() != receiver && member.identity() != null) {
        connection.send(news(connection, member));
        count++;
      }
    }
    return count;
  }

  /** {@return how many ranks {@link #sendTable} sends} */
  int tableSize(int receiver) {
    int count = 0;
    for (Member member : members) {
      count += member.rank() != receiver && member.identity() != null ? 1 : 0;
    }
    return count;
  }

  private static Frame news(Connection connection, Member member) {
    Identity identity = member.identity();
    return identity
        .withHost(hostFor(connection, identity))
        .write(new Frame(Frame.MEMBER))
        .putInt(member.isAlive() ? 1 : 0);
  }

  /** A loopback address means this host: others are told the address that they know it by. */
  private static String hostFor(Connection connection, Identity identity) {
    boolean away = !connection.remote().getAddress().isLoopbackAddress();
    return away && identity.address().getAddress().isLoopbackAddress()
        ? connection.localHost()
        : identity.host();
  }

  /** Tells everybody of a rank that was admitted. */
  void spread(Member news) {
    for (Member member : members) {
      if (member != news && member.standing() == Standing.UP) {
        member.connection().send(news(member.connection(), news));
      }
    }
  }

  /** Takes news of a rank from anybody. */
  void onNews(Identity identity, boolean alive) {
    int rank = identity.rank();
    requireRank(identity);
    if (rank == own.rank()) {
      if (identity.incarnation() > own.incarnation()) {
        loop.tell(
            l ->
                l.onWarning(
                    own + " was replaced by incarnation " + identity.incarnation() + ": end it"));
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
      return;
    }
    pend(member);
  }

  private void requireRank(Identity identity) {
    if (identity.rank() < 0 || identity.rank() >= members.length || identity.incarnation() < 0) {
      throw new LinkException(
          "the peer told of "
              + identity
              + " in a job of "
              + members.length
              + " ranks: give every rank the same world size");
    }
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
    member.dials(own.rank() > member.rank());
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
        own.write(new Frame(Frame.MEET))
            .putLong(jobId)
            .putLong(founding)
            .putInt(members.length)
            .putText(context.shape())
            .putLong(member.identity().instance()));
  }

  void sendInvite(Connection connection) {
    connection.send(own.write(new Frame(Frame.INVITE)).putLong(founding));
  }

  private void onMeet(Connection connection, ByteBuffer body) {
    Identity peer = Identity.read(body).seenFrom(connection.remote());
    final long job = Frame.getLong(body);
    final long foundingNumber = Frame.getLong(body);
    final int worldSize = Frame.getInt(body);
    final String shape = Frame.getText(body);
    long target = Frame.getLong(body);
    if (target != own.instance()) {
      String text = "whoever " + peer + " wanted to reach is not there any more, " + own + " is";
      loop.refuse(connection, Refusal.GONE, text, true);
      loop.joining().invited(peer.address());
      return;
    }
    if (!admitted) {
      loop.joining().park(connection, () -> meet(connection, peer, job, foundingNumber));
      return;
    }
    String mismatch = Admission.mismatch(context, worldSize, shape);
    if (mismatch != null) {
      loop.refuse(connection, Refusal.FINAL, peer + " was refused: " + mismatch, false);
      return;
    }
    meet(connection, peer, job, foundingNumber);
  }

  private void meet(Connection connection, Identity peer, long job, long foundingNumber) {
    requireRank(peer);
    Member member = members[peer.rank()];
    boolean same = member.identity() != null && member.identity().instance() == peer.instance();
    String refusal = null;
    if (job != jobId || foundingNumber != founding || peer.rank() == own.rank()) {
      refusal = "it belongs to another run of the job: stop all ranks of one of them";
    } else if (peer.incarnation() < member.incarnation()) {
      refusal = "incarnation " + member.incarnation() + " of it has joined since: end it";
    } else if (peer.incarnation() == member.incarnation() && !same) {
      refusal = "another process is this rank already: start every rank once";
    } else if (same && !member.isAlive()) {
      refusal = "it was declared dead here: start it again, so that it joins anew";
    }
    if (refusal != null) {
      loop.refuse(connection, Refusal.EXPELLED, peer + " was refused: " + refusal, false);
      return;
    }
    if (peer.incarnation() > member.incarnation()) {
      replace(member, peer);
      member.standing(Standing.PENDING);
    }
    connection.send(own.write(new Frame(Frame.MET)));
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
      loop.tell(l -> l.onWarning(member + " does not accept this rank: " + text));
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
    boolean beat = admitted && nowNs - nextHeartbeatNs >= 0;
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
    Frame frame = new Frame(Frame.HEARTBEAT).putLong(digest()).putInt(table.progressLongs());
    for (int i = 0; i < table.progressLongs(); i++) {
      frame.putLong(table.progress(own.rank(), i));
    }
    return frame;
  }

  boolean isLowestAlive() {
    for (int rank = 0; rank < own.rank(); rank++) {
      if (table.isAlive(rank)) {
        return false;
      }
    }
    return true;
  }

  boolean isGone(int rank) {
    Member member = members[rank];
    return member.standing() == Standing.DEAD || member.standing() == Standing.LEFT;
  }

  /** {@return whether a live member, this one included, listens at an address} */
  boolean isListening(InetSocketAddress address) {
    if (address.getPort() == own.port()
        && (address.getAddress().isLoopbackAddress() || isLocal(address))) {
      return true;
    }
    for (Member member : members) {
      if (member.isAlive() && member.identity().address().equals(address)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLocal(InetSocketAddress address) {
    try {
      return NetworkInterface.getByInetAddress(address.getAddress()) != null;
    } catch (SocketException noInterfaces) {
      return false;
    }
  }
}
