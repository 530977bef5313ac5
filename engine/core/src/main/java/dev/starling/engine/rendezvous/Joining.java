package dev.starling.engine.rendezvous;

import dev.starling.engine.StarlingException;
import dev.starling.engine.rendezvous.Connection.Purpose;
import dev.starling.engine.rendezvous.Member.Standing;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How a rank becomes a member, and how it admits others once it is one. Belongs to the link's
 * thread; only names are looked up elsewhere, for that can take long.
 *
 * <pre>
 *  joining rank                           seed (any member)                other members
 *  JOIN rank, shape, listens at  ------&gt;  judges
 *               &lt;------  WELCOME incarnation, job, n,
 *                        its last progress               MEMBER (the new one) -------&gt;
 *               &lt;------  n times MEMBER                          the higher rank dials
 *  MEET  ----------------------------------------------------------------------------&gt;
 *               &lt;----------------------------------------------------------------  MET
 * </pre>
 *
 * <p>Rank 0 at the master's address founds the job when no member answers or invites it in time.
 */
final class Joining {
  private static final long ROUND_PAUSE_NS = 100_000_000L;
  private static final long INVITE_EVERY_NS = 250_000_000L;
  private static final long SEED_NS = 2_000_000_000L;

  private final LinkLoop loop;
  private final ControlLink.Context context;
  private final Mesh mesh;
  private final Directory directory;
  private final boolean mayFound;
  private final List<Endpoint> seeds = new ArrayList<>();
  private final Map<Endpoint, String> reasons = new LinkedHashMap<>();
  private final Map<Connection, Runnable> parked = new LinkedHashMap<>();
  private final BitSet knocking = new BitSet();
  private final Set<Long> toldOf = new LinkedHashSet<>();
  private int nextSeed;
  private Endpoint asked;
  private Connection connection;
  private boolean resolving;
  private long nextTryNs;
  private long startNs;
  private long aliveStillNs;
  private int tableLeft;
  private boolean done;
  private long nextInviteNs;
  private int inviteSeed;
  private boolean inviting = true;

  Joining(
      LinkLoop loop,
      ControlLink.Context context,
      Mesh mesh,
      Directory directory,
      boolean atMasterPort) {
    this.loop = loop;
    this.context = context;
    this.mesh = mesh;
    this.directory = directory;
    mayFound = atMasterPort;
    seeds.addAll(context.seeds());
    if (mayFound) {
      seeds.remove(context.master());
    }
  }

  void start() {
    startNs = loop.nowNs();
    nextTryNs = startNs;
    if (mayFound && seeds.isEmpty() && (context.incarnation() == 0 || context.worldSize() == 1)) {
      found();
    }
  }

  private void found() {
    long founding = new SecureRandom().nextLong();
    long job = context.jobId();
    if (job == 0) {
      byte[] digest =
          context
              .token()
              .authenticate(
                  "starling job",
                  context.master().toString().getBytes(StandardCharsets.UTF_8),
                  ByteBuffer.allocate(Long.BYTES).putLong(founding).array());
      job = ByteBuffer.wrap(digest).getLong() >>> 1 | 1;
    }
    directory.admitted(Math.max(context.incarnation(), 0), job, founding);
    if (!context.master().isLoopback()) {
      directory.ownHost(context.master().host());
    }
    unpark();
    check();
  }

  // Asking.

  void tick() {
    if (!directory.isAdmitted()) {
      tickJoining();
    } else if (!done) {
      requireInTime();
    } else {
      invite();
    }
  }

  private void tickJoining() {
    long waitedNs = loop.nowNs() - startNs;
    boolean allKnock = knocking.cardinality() == context.worldSize() - 1;
    if (mayFound && connection == null && (allKnock || waitedNs >= context.foundAfterNs())) {
      found();
      return;
    }
    requireInTime();
    if (connection == null && !resolving && !seeds.isEmpty() && loop.nowNs() - nextTryNs >= 0) {
      ask();
    }
  }

  private void requireInTime() {
    if (loop.nowNs() - startNs < context.joinTimeoutNs()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    reasons.forEach((seed, reason) -> text.append("; ").append(seed).append(": ").append(reason));
    refuse(
        "rank "
            + context.rank()
            + " could not join the job within "
            + context.joinTimeoutNs() / 1_000_000
            + " ms"
            + (directory.isAdmitted() ? " (admitted, but not connected to all members)" : text)
            + ": start rank 0, or name a live member as seed, and look at addresses and firewalls");
  }

  private void refuse(String sentence) {
    done = true;
    loop.admitted(new StarlingException(sentence));
  }

  private void ask() {
    if (nextSeed >= seeds.size()) {
      nextSeed = 0;
      nextTryNs = loop.nowNs() + ROUND_PAUSE_NS;
      return;
    }
    asked = seeds.get(nextSeed++);
    resolving = true;
    resolve(
        asked,
        address -> {
          resolving = false;
          if (!directory.isAdmitted()) {
            long limitNs = Math.max(context.foundAfterNs(), context.deadAfterNs()) + SEED_NS;
            connection = loop.dial(Purpose.JOIN, address, null, limitNs);
          }
        },
        reason -> {
          resolving = false;
          reasons.put(asked, reason);
        });
  }

  /** Looks a name up on another thread, for a name server can take its time. */
  private void resolve(
      Endpoint endpoint,
      java.util.function.Consumer<InetSocketAddress> found,
      java.util.function.Consumer<String> missing) {
    Thread.ofVirtual()
        .name("starling-resolve")
        .start(
            () -> {
              try {
                InetAddress address = InetAddress.getByName(endpoint.host());
                loop.post(() -> found.accept(new InetSocketAddress(address, endpoint.port())));
              } catch (UnknownHostException unknown) {
                loop.post(() -> missing.accept("the name " + endpoint.host() + " is not known"));
              }
            });
  }

  void onSealed(Connection sealed) {
    sealed.send(
        new Admission.Wish(directory.own(), context.worldSize(), context.jobId(), context.shape())
            .write());
  }

  void onBroken(Connection broken, String reason) {
    parked.remove(broken);
    if (broken != connection) {
      return;
    }
    connection = null;
    tableLeft = 0;
    reasons.put(asked, reason);
    check();
  }

  void onRefused(int code, String text) {
    connection = null;
    reasons.put(asked, text);
    String sentence = "rank " + context.rank() + " was refused by " + asked + ": " + text;
    if (code == Refusal.FINAL) {
      refuse(sentence);
      return;
    }
    if (code == Refusal.ALIVE_STILL) {
      aliveStillNs = aliveStillNs == 0 ? loop.nowNs() : aliveStillNs;
      long limitNs = context.deadAfterNs() + context.reconnectNs() + 4 * context.heartbeatNs();
      if (loop.nowNs() - aliveStillNs > limitNs) {
        refuse(sentence);
        return;
      }
      nextSeed = 0;
      nextTryNs = loop.nowNs() + ROUND_PAUSE_NS;
    }
  }

  void onWelcome(Connection from, ByteBuffer body) {
    if (from != connection || directory.isAdmitted()) {
      throw new LinkException("a welcome came that was not asked for: report this bug");
    }
    Identity seed = Identity.read(body).seenFrom(from.remote());
    int incarnation = Frame.getInt(body);
    long job = Frame.getLong(body);
    long founding = Frame.getLong(body);
    tableLeft = Frame.getInt(body);
    directory.takeProgress(body, context.rank());
    seed.address();
    directory.admitted(incarnation, job, founding);
    directory.ownHost(from.localHost());
    Member member = directory.member(seed.rank());
    member.identity(seed);
    member.standing(Standing.PENDING);
    mesh.up(member, from, true);
    unpark();
  }

  /** A rank of the table has come. */
  void tableEntry(Connection from) {
    if (from == connection && tableLeft > 0) {
      tableLeft--;
      check();
    }
  }

  /** Ends joining when every member of the table is connected or gone. */
  void check() {
    if (done || !directory.isAdmitted() || tableLeft > 0) {
      return;
    }
    for (int rank = 0; rank < context.worldSize(); rank++) {
      if (directory.member(rank).standing() == Standing.PENDING) {
        return;
      }
    }
    done = true;
    loop.admitted(null);
  }

  // Admitting.

  void onJoin(Connection from, ByteBuffer body) {
    Admission.Wish wish = Admission.Wish.read(body);
    if (directory.isAdmitted()) {
      decide(from, wish);
      return;
    }
    if (!mayFound) {
      String text = "rank " + context.rank() + " is not a member itself yet: ask another seed";
      loop.refuse(from, Refusal.NO_MEMBER, wish.who(), text, true);
      return;
    }
    int rank = wish.who().rank();
    boolean fits = Admission.mismatch(context, wish.worldSize(), wish.shape()) == null;
    if (fits && rank > 0 && rank < context.worldSize()) {
      knocking.set(rank);
    }
    park(from, () -> decide(from, wish));
  }

  private void decide(Connection from, Admission.Wish wish) {
    Admission.Verdict verdict = Admission.judge(context, directory, wish);
    Identity who = wish.who().seenFrom(from.remote());
    if (!verdict.isAdmitted()) {
      boolean silent = who.instance() == directory.own().instance() || !toldOf.add(who.instance());
      loop.refuse(from, verdict.code(), who, verdict.sentence(), silent);
      return;
    }
    who.address();
    Member member = directory.member(who.rank());
    Frame welcome =
        directory
            .own()
            .write(new Frame(Frame.WELCOME))
            .putInt(verdict.incarnation())
            .putLong(directory.jobId())
            .putLong(directory.founding())
            .putInt(directory.tableSize(who.rank()));
    from.send(directory.putProgress(welcome, who.rank()));
    directory.sendTable(from, who.rank());
    member.identity(who.withIncarnation(verdict.incarnation()));
    mesh.up(member, from, false);
    directory.spread(member);
  }

  /** Keeps a connection waiting until this rank is a member. */
  void park(Connection from, Runnable afterwards) {
    from.extend(startNs + context.joinTimeoutNs());
    parked.put(from, afterwards);
  }

  private void unpark() {
    Map<Connection, Runnable> waiting = new LinkedHashMap<>(parked);
    parked.clear();
    waiting.forEach(
        (from, afterwards) -> {
          if (from.isOpen()) {
            loop.resume(from, afterwards);
          }
        });
  }

  // Members look for ranks that return.

  void onInvite(Connection from, ByteBuffer body) {
    Identity peer = Identity.read(body).seenFrom(from.remote());
    long founding = Frame.getLong(body);
    if (directory.isAdmitted() && founding != directory.founding()) {
      String text =
          "it belongs to another run of the job than rank "
              + context.rank()
              + ": stop all ranks of one of them";
      loop.refuse(from, Refusal.EXPELLED, peer, text, !toldOf.add(peer.instance()));
      return;
    }
    loop.discard(from);
    invited(peer.address());
  }

  void onInviteRefused(String text) {
    inviting = false;
    loop.tell(l -> l.onWarning("whoever listens at a seed's address refused this rank: " + text));
  }

  /** A member has shown itself: it is the best seed. */
  void invited(InetSocketAddress address) {
    Endpoint seed = new Endpoint(address.getAddress().getHostAddress(), address.getPort());
    if (!directory.isAdmitted() && !seeds.contains(seed)) {
      seeds.addFirst(seed);
      nextSeed = 0;
      nextTryNs = loop.nowNs();
    }
  }

  /** One member tells whoever came back at a seed's address that the job lives. */
  private void invite() {
    if (!inviting || loop.nowNs() - nextInviteNs < 0) {
      return;
    }
    nextInviteNs = loop.nowNs() + INVITE_EVERY_NS;
    boolean anyGone = false;
    for (int rank = 0; rank < context.worldSize() && !anyGone; rank++) {
      anyGone = directory.isGone(rank);
    }
    if (!anyGone || !directory.isLowestAlive()) {
      return;
    }
    Endpoint seed = context.seeds().get(Math.floorMod(inviteSeed++, context.seeds().size()));
    resolve(
        seed,
        address -> {
          if (!directory.isListening(address)) {
            loop.dial(Purpose.INVITE, address, null, INVITE_EVERY_NS * 4);
          }
        },
        reason -> {});
  }
}
