# Two guests, two processors each: the lock protocol of a stripe under contention, see torture.c. The
# first guest has the home, a peer and a hammer in processes of their own; the second two peers. First
# two planted bugs must be caught, or the test would prove nothing; then the right protocol must hold.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

HOME_ADDRESS=10.9.0.1
OTHERS=4
CATCH_SECONDS=60
CAUGHT=2 # exit code of torture.c
BOOT_LIMIT_SECONDS=60
MARGIN_SECONDS=30

# start_other PROCESSORS KIND PORT LIMIT_SECONDS
start_other() {
  local cpus=$1 kind=$2 port=$3 limit=$4
  timeout "$limit" taskset -c "$cpus" "$VM_BIN/torture" "$kind" "$VM_DEVICE" "$VM_ADDRESS" "$HOME_ADDRESS" "$port" &
  others+=($!)
}

await_others() {
  local other status=0
  for other in "${others[@]}"; do
    wait "$other" || status=$?
  done
  return "$status"
}

# The home and its neighbours on this host; the home's exit code must be the expected one.
home_side() {
  local name=$1 port=$2 seconds=$3 expected=$4 limit=$(($3 + MARGIN_SECONDS)) home status=0
  shift 4
  timeout "$limit" taskset -c 1 "$VM_BIN/torture" home "$VM_DEVICE" "$VM_ADDRESS" "$port" "$OTHERS" "$seconds" "$@" \
    >"$VM_OUT/$name.json" &
  home=$!
  await_listener "$port" "$BOOT_LIMIT_SECONDS"
  flag "$name"
  others=()
  start_other 0,1 peer "$port" "$limit"
  start_other 0 hammer "$port" "$limit"
  wait "$home" || status=$?
  await_others || true
  cat "$VM_OUT/$name.json"
  echo "$name: $(cat "$VM_OUT/$name.json")" >>"$VM_OUT/notes"
  [[ $status -eq $expected ]] || { echo "exit code $status, expected $expected"; return 1; }
}

peer_side() {
  local name=$1 port=$2 limit=$(($3 + MARGIN_SECONDS))
  await_flag "$name" $((BOOT_LIMIT_SECONDS + CATCH_SECONDS + MARGIN_SECONDS))
  others=()
  start_other 0,1 peer "$port" "$limit"
  start_other 0,1 peer "$port" "$limit"
  await_others
}

# contend NAME PORT SECONDS EXPECTED_EXIT_CODE OPTION...
contend() {
  local name=$1 limit=$(($3 + MARGIN_SECONDS))
  if [[ $VM_NODE -eq 1 ]]; then
    check "$name" "$limit" home_side "$@"
  else
    check "$name" "$limit" peer_side "$@"
  fi
}

contend catch-home-cpu-cas 7001 "$CATCH_SECONDS" "$CAUGHT" --until-caught --home-cpu-cas
contend catch-release-by-write 7002 "$CATCH_SECONDS" "$CAUGHT" --until-caught --release-by-write
contend right-protocol 7003 "$TORTURE_SECONDS" 0
finish
