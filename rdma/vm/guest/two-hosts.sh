# Two guests, one processor each: they reach each other by every verb, and train one model together on
# real digits. RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT are set as torchrun sets them.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

SERVER_ADDRESS=10.9.0.1
FIRST_PORT=18600
PERFTEST_ITERATIONS=100
PERFTEST_LIMIT_SECONDS=60
MASTER_PORT=29500
TRAIN_LIMIT_SECONDS=200
MIN_ACCURACY=0.88
MIN_GENERATED_ACCURACY=0.75 # on generated digits, which are harder for this model
JOB_TOKEN=a-secret-of-two-guests
# With C1 alone, which starts sooner, the kernels are scalar: a short run is over before vectors are compiled.
TRAIN_FLAGS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
TRAIN_OPTIONS=(--fabric verbs --rdma-device "$VM_DEVICE" --model softmax --epochs 1.5 --seed 1 --json)

# exchange_verbs PORT PROGRAM OPTION...: the first guest serves, the second measures.
exchange_verbs() {
  local port=$1 program=$2 server
  shift 2
  if [[ $VM_NODE -eq 1 ]]; then
    timeout "$PERFTEST_LIMIT_SECONDS" "$program" -d "$VM_DEVICE" -F -p "$port" \
      -n "$PERFTEST_ITERATIONS" "$@" &
    server=$!
    await_listener "$port" "$PERFTEST_LIMIT_SECONDS"
    flag "$program.$port"
    wait "$server"
  else
    await_flag "$program.$port" "$PERFTEST_LIMIT_SECONDS"
    timeout "$PERFTEST_LIMIT_SECONDS" "$program" -d "$VM_DEVICE" -F -p "$port" \
      -n "$PERFTEST_ITERATIONS" "$@" "$SERVER_ADDRESS"
  fi
}

# The accuracy of the averaged model, which rank 0 prints at the end.
train() {
  local accuracy data=$DIGITS minimum=$MIN_ACCURACY
  if [[ ! -d $DIGITS ]]; then
    echo "no real digits in $DIGITS (STARLING_DIGITS): training on generated ones"
    data=generated minimum=$MIN_GENERATED_ACCURACY
  fi
  RANK=$((VM_NODE - 1)) WORLD_SIZE=$VM_NODES LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 \
    MASTER_ADDR=$SERVER_ADDRESS MASTER_PORT=$MASTER_PORT JAVA_HOME=$JAVA_HOME \
    STARLING_JOB_TOKEN="$JOB_TOKEN" STARLING_JAVA_OPTS="$TRAIN_FLAGS" \
    timeout --kill-after="$KILL_AFTER_SECONDS" "$TRAIN_LIMIT_SECONDS" \
    "$PROJECT/engine/bin/starling" train --data "$data" --out "/tmp/run" "${TRAIN_OPTIONS[@]}" |
    tee "$VM_OUT/train.out"
  if [[ $VM_NODE -eq 1 ]]; then
    accuracy=$(json_number accuracy "$(tail -n 1 "$VM_OUT/train.out")")
    value twoHostAccuracy "$accuracy"
    awk "BEGIN {exit !($accuracy >= $minimum)}" ||
      { echo "accuracy $accuracy is below $minimum"; return 1; }
  fi
}

check read "$PERFTEST_LIMIT_SECONDS" exchange_verbs "$FIRST_PORT" ib_read_lat -s 8
check write "$PERFTEST_LIMIT_SECONDS" exchange_verbs $((FIRST_PORT + 1)) ib_write_bw -s 65536
check compare-and-swap "$PERFTEST_LIMIT_SECONDS" exchange_verbs $((FIRST_PORT + 2)) ib_atomic_lat \
  -A CMP_AND_SWAP
check train "$TRAIN_LIMIT_SECONDS" train
finish
