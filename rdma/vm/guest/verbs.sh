# One guest, one processor: this module's tests on a real device, and what its verbs cost against C.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

LATENCY_OPERATIONS=2000
LATENCY_ROUNDS=7
LATENCY_LIMIT_SECONDS=60
PROBE_CLASS=dev.starling.rdma.vm.LatencyProbe
BANDWIDTH_BYTES=1048576
BANDWIDTH_ITERATIONS=200
BANDWIDTH_PORT=18515
BANDWIDTH_LIMIT_SECONDS=60
JUNIT_LIMIT_SECONDS=200
JUNIT_TEST_LIMIT=180s # one test; on the host it is 60 s

# perftest in megabytes (of 2^20) per second: the fourth column of its table.
perftest() {
  local program=$1 key=$2 server
  timeout "$BANDWIDTH_LIMIT_SECONDS" "$program" -d "$VM_DEVICE" -F -s "$BANDWIDTH_BYTES" \
    -n "$BANDWIDTH_ITERATIONS" -p "$BANDWIDTH_PORT" >"$VM_OUT/$program.server" 2>&1 &
  server=$!
  await_listener "$BANDWIDTH_PORT" "$BANDWIDTH_LIMIT_SECONDS"
  timeout "$BANDWIDTH_LIMIT_SECONDS" "$program" -d "$VM_DEVICE" -F -s "$BANDWIDTH_BYTES" \
    -n "$BANDWIDTH_ITERATIONS" -p "$BANDWIDTH_PORT" "$VM_ADDRESS" | tee "$VM_OUT/$program.client"
  wait "$server"
  value "$key" "$(awk -v bytes="$BANDWIDTH_BYTES" '$1 == bytes {print $4}' "$VM_OUT/$program.client")"
}

check perftest-read "$BANDWIDTH_LIMIT_SECONDS" perftest ib_read_bw perftestReadMBs
check perftest-write "$BANDWIDTH_LIMIT_SECONDS" perftest ib_write_bw perftestWriteMBs
finish
