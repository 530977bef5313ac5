# One guest, one processor: this module's tests on a real device, and what its verbs cost against C.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

LATENCY_OPERATIONS=1000
ROUNDS=5
PROBE_CLASS=dev.starling.rdma.vm.LatencyProbe
PROBE_LIMIT_SECONDS=120 # for the life of a probe
ANSWER_LIMIT_SECONDS=60
BANDWIDTH_BYTES=1048576
BANDWIDTH_ITERATIONS=200
BANDWIDTH_PORT=18515
BANDWIDTH_LIMIT_SECONDS=30
JUNIT_LIMIT_SECONDS=240
JUNIT_TEST_LIMIT="180 s" # of one test, which has 60 s where nothing is emulated
export STARLING_REQUIRED_LANES=verbs

read -ra java_flags <<<"$JAVA_FLAGS"

java() {
  # exec: a time limit then ends the JVM itself.
  exec "$JAVA_HOME/bin/java" "${java_flags[@]}" "$@"
}

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
    <"$pipes/in" >"$pipes/out" &
  exec {in}>"$pipes/in" {out}<"$pipes/out"
  probe_in[$name]=$in
  probe_out[$name]=$out
}

# ask NAME QUESTION: prints the answer and keeps it in VM_OUT/NAME.QUESTION.
ask() {
  local name=$1 question=$2 answer
  echo "$question" >&"${probe_in[$name]}"
  read -r -t "$ANSWER_LIMIT_SECONDS" answer <&"${probe_out[$name]}" ||
    { echo "$name did not answer '$question' within $ANSWER_LIMIT_SECONDS s"; return 1; }
  echo "$name: $answer"
  echo "$answer" >>"$VM_OUT/$name.$question"
}

# Notes the median over the rounds: note NAME QUESTION KEY_OF_ANSWER KEY.
note() {
  local name=$1 question=$2 key=$3 line
  while IFS= read -r line; do
    json_number "$key" "$line"
  done <"$VM_OUT/$name.$question" >"$VM_OUT/$name.$key"
  value "$4" "$(median <"$VM_OUT/$name.$key")"
}

# perftest against itself, in MiB/s: the fourth column of its table.
perftest_round() {
  local program=$1 server options
  options=(-d "$VM_DEVICE" -F -s "$BANDWIDTH_BYTES" -n "$BANDWIDTH_ITERATIONS" -p "$BANDWIDTH_PORT")
  timeout "$BANDWIDTH_LIMIT_SECONDS" "$program" "${options[@]}" >"$VM_OUT/$program.server" 2>&1 &
  server=$!
  await_listener "$BANDWIDTH_PORT" "$BANDWIDTH_LIMIT_SECONDS"
  timeout "$BANDWIDTH_LIMIT_SECONDS" "$program" "${options[@]}" "$VM_ADDRESS" \
    >"$VM_OUT/$program.client" 2>&1 || { cat "$VM_OUT/$program.client"; return 1; }
  wait "$server"
  awk -v bytes="$BANDWIDTH_BYTES" '$1 == bytes {print $4}' "$VM_OUT/$program.client" |
    tee -a "$VM_OUT/$program.rounds"
}

perftest() {
  local round
  for ((round = 0; round < ROUNDS; round++)); do
    perftest_round ib_read_bw
    perftest_round ib_write_bw
  done
  value perftestReadMBs "$(median <"$VM_OUT/ib_read_bw.rounds")"
  value perftestWriteMBs "$(median <"$VM_OUT/ib_write_bw.rounds")"
}

# Java and C on queue pairs with the same parameters, in turns.
latency() {
  local round name
  start_probe c "$VM_BIN/latency" "$VM_DEVICE" "$VM_ADDRESS" "$LATENCY_OPERATIONS"
  start_probe java "$JAVA_HOME/bin/java" "${java_flags[@]}" -cp "$CLASS_PATH" "$PROBE_CLASS" \
    "$VM_DEVICE" "$VM_ADDRESS" "$LATENCY_OPERATIONS"
  for ((round = 0; round < ROUNDS; round++)); do
    ask c latency
    ask java latency
  done
  for name in cas read write; do
    note c latency "${name}Us" "c${name^}Us"
    note java latency "${name}Us" "${name}Us"
  done
}

junit() {
  java -Dstarling.verbs.device="$VM_DEVICE" -Dstarling.verbs.address="$VM_ADDRESS" \
    -cp "$JUNIT_CONSOLE:$CLASS_PATH" org.junit.platform.console.ConsoleLauncher execute \
    --scan-class-path "$TESTS_JAR" --exclude-tag fake --fail-if-no-tests \
    --config junit.jupiter.execution.timeout.default="$JUNIT_TEST_LIMIT" \
    --reports-dir "$VM_SHARE/reports" --details tree --disable-banner --disable-ansi-colors
}

check perftest "$BANDWIDTH_LIMIT_SECONDS" perftest
check latency "$PROBE_LIMIT_SECONDS" latency
check junit "$JUNIT_LIMIT_SECONDS" junit
finish
