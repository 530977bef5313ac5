# Sourced by the guest scripts: checks with a name, a time limit and a log, and values for the host.
#
# From guest/init: VM_SHARE (folder that host and guests share), VM_OUT (this guest's folder in it),
# VM_NODE, VM_NODES, VM_DEVICE (the RDMA device), VM_ADDRESS (its IPv4 address). From the host, in
# VM_SHARE/environment: what the stage needs besides.
set -euo pipefail
source "$VM_SHARE/environment"

POLL_SECONDS=0.05
KILL_AFTER_SECONDS=5
failed_checks=0

now() {
  cut -d' ' -f1 /proc/uptime
}

# check NAME LIMIT_SECONDS COMMAND...: runs the command (a function is allowed) with its output in
# VM_OUT/NAME.log and notes the outcome. A failure is noted and does not end the script.
check() {
  local name=$1 limit=$2 start status=0 outcome=passed
  shift 2
  start=$(now)
  if [[ $(type -t "$1") == function ]]; then
    # The function bounds what it starts; the host bounds the guest.
    ("$@") >"$VM_OUT/$name.log" 2>&1 </dev/null || status=$?
  else
    timeout --kill-after="$KILL_AFTER_SECONDS" "$limit" "$@" >"$VM_OUT/$name.log" 2>&1 </dev/null ||
      status=$?
  fi
  if [[ $status -ne 0 ]]; then
    outcome="failed with exit code $status"
    [[ $status -ne 124 ]] || outcome="did not end within $limit s"
    failed_checks=$((failed_checks + 1))
  fi
  record "$name" "$start" "$outcome"
  return 0
}

record() {
  local name=$1 start=$2 outcome=$3
  printf '%s\t%s\t%s\n' "$name" "$(awk "BEGIN {print $(now) - $start}")" "$outcome" |
    tee -a "$VM_OUT/results"
}

# value KEY NUMBER: a number of the lane's JSON object.
value() {
  [[ $2 =~ ^[0-9]+(\.[0-9]+)?$ ]] || { echo "$1 is not a number: '$2'" >&2; return 1; }
  echo "$1 $2" >>"$VM_OUT/values"
}

# The number behind "KEY": in a line of JSON.
json_number() {
  sed -n "s/.*\"$1\": *\([0-9][0-9.]*\).*/\1/p" <<<"$2" | head -n 1
}

# Middle of the numbers on standard input, one a line.
median() {
  sort -g | awk '{n[NR] = $1} END {print NR ? (n[int((NR + 1) / 2)] + n[int(NR / 2) + 1]) / 2 : "none"}'
}

# Waits until a TCP port listens here.
await_listener() {
  local port=$1 limit=$2 hex attempt
  hex=$(printf ':%04X' "$port")
  for ((attempt = 0; attempt < limit * 20; attempt++)); do
    if grep -q "$hex .* 0A " /proc/net/tcp /proc/net/tcp6; then
      return 0
    fi
    sleep "$POLL_SECONDS"
  done
  echo "nothing listens on port $port after $limit s" >&2
  return 1
}

# Files in VM_SHARE/sync are flags between the guests.
flag() {
  : >"$VM_SHARE/sync/$1"
}

await_flag() {
  local name=$1 limit=$2 attempt
  for ((attempt = 0; attempt < limit * 20; attempt++)); do
    if [[ -e $VM_SHARE/sync/$name ]]; then
      return 0
    fi
    sleep "$POLL_SECONDS"
  done
  echo "the other guest did not set '$name' within $limit s" >&2
  return 1
}

finish() {
  [[ $failed_checks -eq 0 ]] || exit 1
  exit 0
}
