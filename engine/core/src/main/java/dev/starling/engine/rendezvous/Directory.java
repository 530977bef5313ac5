package dev.starling.engine.rendezvous;

import dev.starling.engine.rendezvous.Member.Standing;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * Who this rank is and whom it knows, and how that is told to others. Belongs to the link's thread,
 * except where a method says otherwise.
 *
 * <p>Every sign of life carries a digest of what its sender knows. Two whose digests differ send
 * each other all they know, so ranks that were admitted by different seeds at the same time are
 * found by everybody.
 */
final class Directory {
  private final ControlLink.Context context;
  private final MemberTable table;
  private final Member[] members;
  private Identity own;
  private volatile int incarnation = ControlLink.NEXT;
  private volatile long jobId;
  private volatile String ownHost;
  private long founding;
  private boolean admitted;

  Directory(ControlLink.Context context, MemberTable table, int listenPort) {
    this.context = context;
    this.table = table;
    members = new Member[context.worldSize()];
    for (int rank = 0; rank < members.length; rank++) {
      members[rank] = new Member(rank);
    }
    ownHost = context.advertise().isEmpty() ? context.bindAddress() : context.advertise();
    own =
        new Identity(
            context.rank(),
            context.incarnation(),
            new SecureRandom().nextLong(),
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

  Member[] members() {
    return members;
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

  /** {@return a number that is equal for ranks that know the same incarnations} */
  long digest() {
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

  /** Sends what is known of everybody but the two ends. */
  void sendTable(Connection connection, int receiver) {
    for (Member member : members) {
      if (member.rank() != receiver && member.identity() != null) {
        connection.send(news(connection, member));
      }
    }
  }

  /** {@return how many ranks {@link #sendTable} sends} */
  int tableSize(int receiver) {
    int count = 0;
    for (Member member : members) {
      count += member.rank() != receiver && member.identity() != null ? 1 : 0;
    }
    return count;
  }

  /** Who lives says itself what it has published and how far it is; for the others, this rank. */
  private Frame news(Connection connection, Member member) {
    Identity identity = member.identity();
    boolean alive = member.isAlive();
    Frame frame =
        identity
            .withHost(hostFor(connection, identity))
            .write(new Frame(Frame.MEMBER))
            .putInt(alive ? 1 : 0);
    if (!alive) {
      String info = table.info(member.rank(), identity.incarnation());
      frame.putText(info == null ? "" : info);
      putProgress(frame, member.rank());
    }
    return frame;
  }

  /** Adds what a rank last said of its progress. */
  Frame putProgress(Frame frame, int rank) {
    frame.putInt(table.progressLongs());
    for (int i = 0; i < table.progressLongs(); i++) {
      frame.putLong(table.progress(rank, i));
    }
    return frame;
  }

  /** Takes what a rank said of its progress, from itself or from whoever heard it. */
  void takeProgress(ByteBuffer body, int rank) {
    int count = Frame.getInt(body);
    for (int i = 0; i < count; i++) {
      long value = Frame.getLong(body);
      if (i < table.progressLongs()) {
        table.progress(rank, i, value);
      }
    }
  }

  /** Takes what is told of a rank that this one never met and that is gone. */
  void takeLegacy(ByteBuffer body, Identity gone) {
    String info = Frame.getText(body);
    if (!info.isEmpty()) {
      table.publish(gone.rank(), gone.incarnation(), info);
    }
    takeProgress(body, gone.rank());
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

  /** Fails when there is no such rank in the job. */
  void requireRank(Identity identity) {
    if (identity.rank() < 0 || identity.rank() >= members.length || identity.incarnation() < 0) {
      throw new LinkException(
          "the peer told of "
              + identity
              + " in a job of "
              + members.length
              + " ranks: give every rank the same world size");
    }
  }

  /** {@return whether no live rank is below this one} */
  boolean isLowestAlive() {
    for (int rank = 0; rank < own.rank(); rank++) {
      if (table.isAlive(rank)) {
        return false;
      }
    }
    return true;
  }

  /** {@return whether a rank took part and does not any more} */
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
