# One guest, one processor: a job of three ranks, each started by hand, trains over verbs while a seeded
# script kills ranks (SIGKILL, then the same command again) and stops them (SIGSTOP, SIGCONT) for less
# and for more than the hold limit. Rank 0 must go on all the while; in the end nothing may be left.
#
# Ranks 0 and 1 share a /dev/shm: their data moves by load and store, their locks through the device.
# Rank 2 has a /dev/shm of its own, as in a container of its own: to it and from it data moves by verbs.
# No stop is as long as the silence after which a rank counts as dead, which is raised here: emulated ranks
# that share one processor are silent for seconds now and then, most of all when a JVM starts.
#
# There is no "starling verify" here: such jobs take no update logs yet, see "On a cluster" in the README.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

RANKS=3
MASTER=$VM_ADDRESS:29501
JOB_TOKEN=a-secret-of-three-ranks
HOLD_LIMIT_MS=500
SHORT_STOP_MS=(50 400)  # shortest and longest; the hold limit lies between the short and the long
LONG_STOP_MS=(700 4000)
SILENCE_SECONDS=20
REST_MS=(200 1500)      # between two disturbances
MIN_ROUNDS=3            # each kills once and stops twice
START_LIMIT_SECONDS=300 # three JVMs on one emulated processor
PROGRESS_LIMIT_SECONDS=30 # for a step of rank 0 to be told, which happens every 2 s
RETURN_LIMIT_SECONDS=300  # for a rank that was killed, which starts a JVM, or stopped
END_LIMIT_SECONDS=60
DEVICE_LIMIT_SECONDS=10
DUMP_SECONDS=5
LOOK_SECONDS=0.2
MIN_ACCURACY=0.4
STOPPED_BY_SIGTERM=143
KILLED=137
RUN=/tmp/run
SHM=(/run/shm-a /run/shm-a /run/shm-b) # of each rank
# With C1 alone, which starts sooner, as in the stage two-hosts. Steps are few and small, as floating point
# is what emulation is slowest at: ranks that starve each other would be silent and count as dead.
TRAIN_FLAGS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
TRAIN_OPTIONS=(--fabric verbs --rdma-device "$VM_DEVICE" --data generated --generated-samples 200
  --model softmax --optimizer sgd --batch 2 --compute-ms 100 --epochs 100000 --schedule constant --warmup 0 --seed 1
  --hold-limit-ms "$HOLD_LIMIT_MS" --silence-seconds "$SILENCE_SECONDS" --master "$MASTER" --world-size "$RANKS" --out "$RUN" --json)

pids=()
incarnations=()
kills=0 returns=0 short_stops=0 long_stops=0
steps=0 told_ms=0 longest_ms=0 # of rank 0
stat=""

die() {
  echo "chaos: $*"
  exit 1
}

clock_ms() {
  local us=${EPOCHREALTIME/./}
  clock=$((us / 1000))
}

# between SHORTEST LONGEST: sets drawn, from the seed.
between() {
  drawn=$(($1 + RANDOM % ($2 - $1 + 1)))
}

start_rank() {
  local rank=$1
  incarnations[rank]=$((${incarnations[rank]:--1} + 1))
  JAVA_HOME=$JAVA_HOME STARLING_JOB_TOKEN=$JOB_TOKEN STARLING_JAVA_OPTS=$TRAIN_FLAGS \
    unshare --mount --propagation private bash -c 'mount --bind "$0" /dev/shm && exec "$@"' "${SHM[rank]}" \
    "$PROJECT/engine/bin/starling" train --rank "$rank" "${TRAIN_OPTIONS[@]}" \
    >>"$VM_OUT/rank-$rank.out" 2>>"$VM_OUT/rank-$rank.err" &
  pids[rank]=$!
}

# Nothing that was started outlives this script's part, stopped or not. Whoever still lives then has not
# done what it should have: its threads are dumped to its output first.
kill_ranks() {
  local pid alive=false
  for pid in "${pids[@]}"; do
    kill -CONT "$pid" 2>/dev/null && kill -QUIT "$pid" && alive=true
  done
  if [[ $alive == true ]]; then
    sleep "$DUMP_SECONDS"
  fi
  for pid in "${pids[@]}"; do
    kill -KILL "$pid" 2>/dev/null
  done
}

# told RANK KEY VALUE: sets value to what rank 0 last told of a rank.
told() {
  local rest=$stat part
  for ((part = 0; part <= $1; part++)); do
    rest=${rest#*'"rank"'}
  done
  value=none
  if [[ $rest =~ \"$2\"\ *:\ *\"?([a-z0-9]+) ]]; then
    value=${BASH_REMATCH[1]}
  fi
}

# Looks at what rank 0 tells; fails when it stands still, or when a rank has ended by itself.
look() {
  local rank
  for ((rank = 0; rank < RANKS; rank++)); do
    kill -0 "${pids[rank]}" 2>/dev/null ||
      die "rank $rank ended by itself, at $steps steps of rank 0: $(tail -n 3 "$VM_OUT/rank-$rank.err")"
  done
  clock_ms
  if [[ -s $RUN/rank-0/stat.json ]]; then
    stat=$(<"$RUN/rank-0/stat.json")
    told 0 steps
    if [[ $value =~ ^[0-9]+$ && $value -gt $steps ]]; then
      if [[ $steps -gt 0 && $((clock - told_ms)) -gt $longest_ms ]]; then
        longest_ms=$((clock - told_ms))
      fi
      steps=$value told_ms=$clock
    fi
  fi
  [[ $steps -eq 0 || $((clock - told_ms)) -le $((PROGRESS_LIMIT_SECONDS * 1000)) ]] ||
    die "rank 0 has told no step for $PROGRESS_LIMIT_SECONDS s after $steps steps: somebody makes it wait."
}

# Looks until a time in ms.
look_until() {
  local until=$1
  while look; [[ $clock -lt $until ]]; do
    sleep "$LOOK_SECONDS"
  done
}

rest_ms() {
  clock_ms
  look_until $((clock + $1))
}

# await_steps RANK MORE_THAN LIMIT_SECONDS: until rank 0 has heard of steps of the present incarnation.
await_steps() {
  local rank=$1 more=$2 limit=$3 deadline
  clock_ms
  deadline=$((clock + limit * 1000))
  while look; do
    told "$rank" incarnation
    if [[ $value == "${incarnations[rank]}" ]]; then
      told "$rank" steps
      if [[ $value -gt $more ]]; then
        return
      fi
    fi
    [[ $clock -lt $deadline ]] ||
      die "rank $rank (incarnation ${incarnations[rank]}) has told no step beyond $more within $limit s."
    sleep "$LOOK_SECONDS"
  done
}

# A rank but the first.
draw_victim() {
  between 1 $((RANKS - 1))
  victim=$drawn
}

# Starts a rank anew that was killed, once the last one that was killed is back.
kill_one() {
  local status=0
  await_return
  draw_victim
  told "$victim" steps
  steps_at_kill=$value
  echo "$clock: SIGKILL to rank $victim"
  kill -KILL "${pids[victim]}"
  wait "${pids[victim]}" 2>/dev/null || status=$?
  [[ $status -eq $KILLED ]] || die "rank $victim ended with $status when it was killed, not with $KILLED."
  kills=$((kills + 1))
  killed=$victim
  start_rank "$victim"
}

await_return() {
  if [[ -n $killed ]]; then
    await_steps "$killed" "$steps_at_kill" "$RETURN_LIMIT_SECONDS"
    echo "$clock: rank $killed is back as incarnation ${incarnations[killed]}"
    returns=$((returns + 1))
    killed=""
  fi
}

# stop_one SHORTEST LONGEST: also a rank that is joining.
stop_one() {
  draw_victim
  between "$1" "$2"
  echo "$clock: SIGSTOP to rank $victim for $drawn ms"
  kill -STOP "${pids[victim]}"
  sleep "$((drawn / 1000)).$(printf %03d $((drawn % 1000)))"
  kill -CONT "${pids[victim]}"
}

stop_shortly() {
  stop_one "${SHORT_STOP_MS[@]}"
  short_stops=$((short_stops + 1))
}

# Whoever is not joining must be heard of again.
stop_long() {
  stop_one "${LONG_STOP_MS[@]}"
  long_stops=$((long_stops + 1))
  if [[ $victim != "$killed" ]]; then
    told "$victim" steps
    await_steps "$victim" "$value" "$RETURN_LIMIT_SECONDS"
  fi
}

# One kill and two stops in an order that is drawn.
round() {
  local disturbances=(kill_one stop_shortly stop_long) left
  for ((left = 3; left > 0; left--)); do
    between 0 $((left - 1))
    "${disturbances[drawn]}"
    disturbances=("${disturbances[@]:0:drawn}" "${disturbances[@]:drawn+1}")
    between "${REST_MS[@]}"
    rest_ms "$drawn"
  done
}

# end_rank RANK DEADLINE_MS
end_rank() {
  local rank=$1 deadline=$2 status=0
  while kill -0 "${pids[rank]}" 2>/dev/null; do
    clock_ms
    [[ $clock -lt $deadline ]] || die "rank $rank did not end within $END_LIMIT_SECONDS s of SIGTERM."
    sleep "$LOOK_SECONDS"
  done
  wait "${pids[rank]}" || status=$?
  [[ $status -eq $STOPPED_BY_SIGTERM ]] ||
    die "rank $rank ended with $status after SIGTERM, not with $STOPPED_BY_SIGTERM."
}

end_job() {
  local rank deadline
  kill -TERM "${pids[@]}"
  clock_ms
  deadline=$((clock + END_LIMIT_SECONDS * 1000))
  for ((rank = 0; rank < RANKS; rank++)); do
    end_rank "$rank" "$deadline"
  done
}

tell_counts() {
  local summary
  summary="seed $CHAOS_SEED: $kills kills, $returns returns, $short_stops short and $long_stops long stops,"
  summary+=" $steps steps of rank 0, $longest_ms ms at most between two looks at which it had done more"
  echo "$summary" | tee -a "$VM_OUT/notes"
}

job() {
  local rank begin
  trap kill_ranks EXIT
  RANDOM=$CHAOS_SEED
  killed=""
  clock_ms
  begin=$clock
  for ((rank = 0; rank < RANKS; rank++)); do
    start_rank "$rank"
  done
  for ((rank = 0; rank < RANKS; rank++)); do
    await_steps "$rank" 0 "$START_LIMIT_SECONDS"
  done
  echo "$clock: all ranks have done steps, $((clock - begin)) ms after their start"
  longest_ms=0 begin=$clock
  while [[ $kills -lt $MIN_ROUNDS || $((clock - begin)) -lt $((CHAOS_SECONDS * 1000)) ]]; do
    round
  done
  await_return
  echo "$clock: disturbed for $((clock - begin)) ms"
  end_job
  tell_counts
  value chaosKills "$kills"
  value chaosPauses $((short_stops + long_stops))
  value chaosStandstillMs "$longest_ms"
}

# What rank 0 says at its end.
result() {
  local line accuracy
  line=$(tail -n 1 "$VM_OUT/rank-0.out")
  echo "$line"
  accuracy=$(json_number accuracy "$line")
  [[ -n $accuracy ]] || die "rank 0 printed no accuracy at its end."
  echo "accuracy $accuracy" | tee -a "$VM_OUT/notes"
  awk "BEGIN {exit !($accuracy >= $MIN_ACCURACY)}" || die "accuracy $accuracy is below $MIN_ACCURACY."
}

# Nobody may have met what the engine calls a bug, or printed a stack.
sentences() {
  ! grep -nE 'report this bug|Exception|Error\b' "$VM_OUT"/rank-*.err ||
    die "a rank said what it should never have to say, see above."
}

shared_memory() {
  local left
  left=$(find "${SHM[0]}" "${SHM[2]}" -type f)
  [[ -z $left ]] || die "files are left in shared memory: ${left//$'\n'/ }"
}

# What the device holds, one line; the kernel's own queue pair is part of it.
device_resources() {
  rdma resource show "$VM_DEVICE"
}

device() {
  local left attempt
  for ((attempt = 0; attempt < DEVICE_LIMIT_SECONDS * 5; attempt++)); do
    left=$(device_resources)
    if [[ $left == "$resources_before" ]]; then
      echo "$left"
      return
    fi
    sleep "$LOOK_SECONDS"
  done
  die "the device holds '$left', before the job it held '$resources_before'."
}

mkdir -p "${SHM[0]}" "${SHM[2]}"
mount -t tmpfs -o size=25% shm-a "${SHM[0]}"
mount -t tmpfs -o size=25% shm-b "${SHM[2]}"
resources_before=$(device_resources)
check job $((START_LIMIT_SECONDS + CHAOS_SECONDS)) job
check result 10 result
check sentences 10 sentences
check shared-memory 10 shared_memory
check device "$DEVICE_LIMIT_SECONDS" device
finish
