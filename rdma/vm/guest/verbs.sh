# One guest, one processor: this module's tests on a real device, and what its verbs cost against C.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

LATENCY_OPERATIONS=1000
ROUNDS=5
WARM_UP_ROUNDS=4 # of the JVM: its compilers share the processor with what is measured until they are through
WARM_UP_MS=1000 # of the JVM, for each kind of operation, before every answer
# Answers every line of its input by one line:
#   latency    {"casUs": .., "readUs": .., "writeUs": .., ...}, medians
#   bandwidth  {"readMBs": .., "writeMBs": .., ...}, 10^6 bytes a second in messages of 1 MiB
PROBE_CLASS=dev.starling.rdma.VerbsProbe
PROBE_LIMIT_SECONDS=240 # for the life of a probe
ANSWER_LIMIT_SECONDS=60
BANDWIDTH_BYTES=1048576
BANDWIDTH_ITERATIONS=100
BANDWIDTH_PORT=18515
BANDWIDTH_LIMIT_SECONDS=30
PERF_WARM_UP=10000 # operations
PERF_LIMIT_SECONDS=120 # of one command, most of it the start of the JVM
JUNIT_LIMIT_SECONDS=300
LONG_LIMIT_SECONDS=900
EMULATION_SLOWNESS=4 # for limits that a test has of its own
JUNIT_TEST_LIMIT="180 s" # of one test, which has 60 s where nothing is emulated
export STARLING_REQUIRED_LANES=verbs

# The tests start twice as fast with C1 alone. The probe does not: its steady state takes 1.05 times the
# C loop's time with both compilers and 1.2 times with C1.
JUNIT_FLAGS=-XX:TieredStopAtLevel=1
read -ra java_flags <<<"$JAVA_FLAGS"
trap '' PIPE # a probe that is gone is reported by its missing answer

# A probe is a program that answers every line it reads with one line of JSON, so that several can
# take turns and see the same machine. start_probe NAME COMMAND...: probe_in[NAME] and probe_out[NAME]
# are its files.
declare -A probe_in probe_out
start_probe() {
  local name=$1 pipes in out
  shift
  pipes=$(mktemp -d)
  mkfifo "$pipes/in" "$pipes/out"
  timeout --kill-after="$KILL_AFTER_SECONDS" "$PROBE_LIMIT_SECONDS" "$@" \
    <"$pipes/in" >"$pipes/out" 2>"$VM_OUT/probe-$name.err" &
  exec {in}>"$pipes/in" {out}<"$pipes/out"
  probe_in[$name]=$in
  probe_out[$name]=$out
}

# ask NAME QUESTION: prints the answer and keeps it in VM_OUT/NAME.QUESTION.
ask() {
  local name=$1 question=$2 answer
  echo "$question" >&"${probe_in[$name]}" || true
  read -r -t "$ANSWER_LIMIT_SECONDS" answer <&"${probe_out[$name]}" ||
    { cat "$VM_OUT/probe-$name.err"; echo "probe $name is gone or took longer than $ANSWER_LIMIT_SECONDS s to answer '$question'"; return 1; }
  echo "$name: $answer"
  echo "$answer" >>"$VM_OUT/$name.$question"
}

# The probes end with their input.
stop_probes() {
  local name in
  for name in "${!probe_in[@]}"; do
    in=${probe_in[$name]}
    exec {in}>&-
  done
}

# Notes the median over the rounds: note NAME QUESTION KEY_OF_ANSWER KEY.
note() {
  local name=$1 question=$2 key=$3 line
  while IFS= read -r line; do
    json_number "$key" "$line"
  done <"$VM_OUT/$name.$question" >"$VM_OUT/$name.$key"
  value "$4" "$(median <"$VM_OUT/$name.$key")"
}

# Java and C on queue pairs with the same parameters, in turns.
latency() {
  local round name
  for ((round = 0; round < WARM_UP_ROUNDS; round++)); do
    ask java latency
  done
  rm "$VM_OUT/java.latency"
  for ((round = 0; round < ROUNDS; round++)); do
    ask c latency
    ask java latency
  done
  for name in cas read write; do
    note c latency "${name}Us" "c${name^}Us"
    note java latency "${name}Us" "${name}Us"
  done
}

# perftest against itself: the fourth column of its table is in MiB/s, what is noted in MB/s.
perftest() {
  local program=$1 server options
  options=(-d "$VM_DEVICE" -F -s "$BANDWIDTH_BYTES" -n "$BANDWIDTH_ITERATIONS" -p "$BANDWIDTH_PORT")
  timeout "$BANDWIDTH_LIMIT_SECONDS" "$program" "${options[@]}" >"$VM_OUT/$program.server" 2>&1 &
  server=$!
  await_listener "$BANDWIDTH_PORT" "$BANDWIDTH_LIMIT_SECONDS"
  timeout "$BANDWIDTH_LIMIT_SECONDS" "$program" "${options[@]}" "$VM_ADDRESS" \
    >"$VM_OUT/$program.client" 2>&1 || { cat "$VM_OUT/$program.client"; return 1; }
  wait "$server"
  awk -v program="$program" -v bytes="$BANDWIDTH_BYTES" '
    $1 == bytes {mb = $4 * 1.048576; print mb; print program ": " mb >"/dev/stderr"}' "$VM_OUT/$program.client" \
    >>"$VM_OUT/$program.rounds"
}

bandwidth() {
  local round
  for ((round = 0; round < ROUNDS; round++)); do
    perftest ib_read_bw
    perftest ib_write_bw
    ask java bandwidth
  done
  value perftestReadMBs "$(median <"$VM_OUT/ib_read_bw.rounds")"
  value perftestWriteMBs "$(median <"$VM_OUT/ib_write_bw.rounds")"
  note java bandwidth readMBs readMBs
  note java bandwidth writeMBs writeMBs
}

# starling perf through the fabric, both ends on this device, beside perftest's latency of a READ.
# With C1 alone, as the commands are short.
perf() {
  local operation name server
  for operation in lock "read -s 8" "write -s 8"; do
    name=${operation%% *}
    # shellcheck disable=SC2086
    JAVA_HOME=$JAVA_HOME STARLING_JAVA_OPTS="$JUNIT_FLAGS" \
      timeout --kill-after="$KILL_AFTER_SECONDS" "$PERF_LIMIT_SECONDS" \
      "$PROJECT/engine/bin/starling" perf $operation --fabric verbs --rdma-device "$VM_DEVICE" \
      -n "$LATENCY_OPERATIONS" -w "$PERF_WARM_UP" --json | tee "$VM_OUT/perf.$name"
    value "perf${name^}Us" "$(json_number p50Us "$(tail -n 1 "$VM_OUT/perf.$name")")"
  done
  timeout "$BANDWIDTH_LIMIT_SECONDS" ib_read_lat -d "$VM_DEVICE" -F -s 8 -p "$BANDWIDTH_PORT" >/dev/null 2>&1 &
  server=$!
  await_listener "$BANDWIDTH_PORT" "$BANDWIDTH_LIMIT_SECONDS"
  timeout "$BANDWIDTH_LIMIT_SECONDS" ib_read_lat -d "$VM_DEVICE" -F -s 8 -p "$BANDWIDTH_PORT" "$VM_ADDRESS" |
    tee "$VM_OUT/ib_read_lat"
  wait "$server"
  value perftestReadUs "$(awk '$1 == 8 {print $5}' "$VM_OUT/ib_read_lat")" # t_typical
}

junit_tags=(--include-tag device)
if [[ -n $LONG ]]; then
  JUNIT_LIMIT_SECONDS=$LONG_LIMIT_SECONDS
  junit_tags+=(--include-tag device-long)
fi

junit() {
  timeout --kill-after="$KILL_AFTER_SECONDS" "$JUNIT_LIMIT_SECONDS" \
    "$JAVA_HOME/bin/java" "${java_flags[@]}" "$JUNIT_FLAGS" \
    -Dstarling.test.slowness="$EMULATION_SLOWNESS" -Dstarling.verbs.device="$VM_DEVICE" -Dstarling.verbs.address="$VM_ADDRESS" \
    -cp "$JUNIT_CONSOLE:$CLASS_PATH" org.junit.platform.console.ConsoleLauncher execute \
    --scan-class-path "$TESTS_JAR" "${junit_tags[@]}" --exclude-tag fake --fail-if-no-tests \
    --config junit.jupiter.execution.timeout.default="$JUNIT_TEST_LIMIT" \
    --reports-dir "$VM_SHARE/reports" --details testfeed --disable-banner --disable-ansi-colors
}

start_probe c "$VM_BIN/latency" "$VM_DEVICE" "$VM_ADDRESS" "$LATENCY_OPERATIONS"
start_probe java "$JAVA_HOME/bin/java" "${java_flags[@]}" -cp "$CLASS_PATH" "$PROBE_CLASS" \
  "$VM_DEVICE" "$VM_ADDRESS" "$LATENCY_OPERATIONS" "$WARM_UP_MS" serve
check latency "$PROBE_LIMIT_SECONDS" latency
check bandwidth "$PROBE_LIMIT_SECONDS" bandwidth
stop_probes
check perf $((3 * PERF_LIMIT_SECONDS)) perf
check junit "$JUNIT_LIMIT_SECONDS" junit
finish
