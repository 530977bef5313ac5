package dev.starling.rdma.disni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.RdmaActiveEndpointGroup;
import com.ibm.disni.RdmaServerEndpoint;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPostSend;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What DiSNI's examples do, on its endpoint groups: a server and a client that send, read, write
 * and add.
 */
@Timeout(120)
@Tag("device")
class EndpointFlowTest {
  private static final int SUCCESS = 0;
  private static final int POLL_MS = 20;
  private static final int CONNECT_MS = 5000;

  private final ExecutorService threads = Executors.newFixedThreadPool(2);

  /** One side of a flow. */
  private interface Side {
    void run(Endpoint endpoint) throws Exception;
  }

  @BeforeEach
  void enter() {
    VerbsState.enter();
  }

  @AfterEach
  void checkLeaks() throws Exception {
    threads.shutdownNow();
    assertTrue(threads.awaitTermination(30, TimeUnit.SECONDS));
    VerbsState.closeSharedDomains();
    VerbsState.assertNothingLeft();
  }

  /** Connects two endpoints of two groups, runs both sides, closes everything. */
  private void flow(boolean polling, Side serverSide, Side clientSide) throws Exception {
    Group server = new Group(polling);
    Group client = new Group(polling);
    RdmaServerEndpoint<Endpoint> listener = server.group.createServerEndpoint();
    listener.bind(new InetSocketAddress(VerbsState.address(), 0), 10);
    InetSocketAddress address = (InetSocketAddress) listener.getSrcAddr();
    assertTrue(address.getPort() != 0);
    Future<?> serving =
        threads.submit(
            () -> {
              Endpoint endpoint = listener.accept();
              serverSide.run(endpoint);
              endpoint.close();
              return null;
            });
    Future<?> using =
        threads.submit(
            () -> {
              Endpoint endpoint = client.group.createEndpoint();
              endpoint.connect(address, CONNECT_MS);
              assertEquals(address, endpoint.getDstAddr());
              assertNotNull(endpoint.getSrcAddr());
              clientSide.run(endpoint);
              endpoint.close();
              return null;
            });
    try {
      await(using);
      await(serving);
    } finally {
      listener.close();
      client.group.close();
      server.group.close();
    }
  }

  private static void await(Future<?> side) throws Exception {
    try {
      side.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException failure) {
      throw new AssertionError("one side failed", failure.getCause());
    }
  }

  /** A group that makes {@link Endpoint}s. */
  private static final class Group {
    final RdmaActiveEndpointGroup<Endpoint> group;

    Group(boolean polling) throws Exception {
      group = new RdmaActiveEndpointGroup<>(POLL_MS, polling, 32, 4, 64);
      group.init((id, serverSide) -> new Endpoint(group, id, serverSide));
    }
  }

  private static void expect(Endpoint endpoint, long wrId) throws Exception {
    IbvWC completion = endpoint.take();
    assertEquals(SUCCESS, completion.getStatus(), () -> "status of " + completion.getWr_id());
    assertEquals(wrId, completion.getWr_id());
    assertEquals(endpoint.getQp().getQp_num(), completion.getQp_num());
  }

  @Test
  void shouldSendAndReceiveWhenTheGroupWaitsForEvents() throws Exception {
    sendAndReceive(false);
  }

  @Test
  void shouldSendAndReceiveWhenTheGroupPolls() throws Exception {
    sendAndReceive(true);
  }

  private void sendAndReceive(boolean polling) throws Exception {
    flow(
        polling,
        server -> {
          expect(server, Endpoint.RECEIVE);
          assertEquals(41, server.incoming.getLong(8));
          server.receive();
          server.outgoing.putLong(8, 42);
          server.send();
          expect(server, Endpoint.SEND);
          expect(server, Endpoint.RECEIVE);
        },
        client -> {
          client.outgoing.putLong(8, 41);
          client.send();
          expect(client, Endpoint.SEND);
          expect(client, Endpoint.RECEIVE);
          assertEquals(42, client.incoming.getLong(8));
          client.send();
          expect(client, Endpoint.SEND);
        });
  }

  @Test
  void shouldReadWriteAndAddInTheMemoryThatTheServerNames() throws Exception {
    flow(
        false,
        server -> {
          server.data.putLong(16, 0x1122334455667788L);
          server.outgoing.putLong(0, server.dataMr.getAddr());
          server.outgoing.putInt(8, server.dataMr.getRkey());
          server.send();
          expect(server, Endpoint.SEND);
          expect(server, Endpoint.RECEIVE);
          assertEquals(0x77, server.data.get(32));
        },
        client -> {
          expect(client, Endpoint.RECEIVE);
          long address = client.incoming.getLong(0);
          int rkey = client.incoming.getInt(8);
          readAndWrite(client, address, rkey);
          client.send();
          expect(client, Endpoint.SEND);
        });
  }

  private static void readAndWrite(Endpoint client, long address, int rkey) throws Exception {
    IbvSendWR read = client.request(IbvSendWR.IBV_WR_RDMA_READ, 1, address, rkey);
    SVCPostSend reading = client.postSend(List.of(read));
    for (int i = 0; i < 10; i++) {
      reading.getWrMod(0).setWr_id(100 + i);
      client.data.putLong(16, 0);
      reading.execute();
      expect(client, 100 + i);
      assertEquals(0x1122334455667788L, client.data.getLong(16));
    }
    reading.free();
    client.data.put(32, (byte) 0x77);
    IbvSendWR write = client.request(IbvSendWR.IBV_WR_RDMA_WRITE, 2, address, rkey);
    client.postSend(List.of(write)).execute().free();
    expect(client, 2);
  }
}
