# Sourced by run: starts guests and waits for them.

GUEST_SCRIPT_STATUS_BASE=1 # isa-debug-exit ends QEMU with 2 * status + 1
GUEST_DIED=97
TIMED_OUT=124
KILL_AFTER_SECONDS=5

# The emulator's processor. KVM only where the processor offers it: a host that is itself a
# paravirtual guest may have /dev/kvm and still run a stock kernel slower than emulation does.
# Without erms and fsrm the guest's kernel copies by words: with them it uses "rep movsb", which is
# emulated byte by byte, so that an RDMA READ could see half a word, which no real device does.
# Needs the compiled programs.
choose_accelerator() {
  if grep -qwE 'vmx|svm' /proc/cpuinfo && [[ -w /dev/kvm ]]; then
    ACCELERATOR=(-accel kvm -cpu host)
    CLOCK_PARAMETERS=""
  else
    ACCELERATOR=(-accel tcg -cpu "max,-erms,-fsrm")
    CLOCK_PARAMETERS="tsc=reliable tsc_early_khz=$("$BIN/tsc")"
  fi
}

# The network of guest $1 of $2. Two guests are joined by datagrams: QEMU's stream of frames over TCP
# delays a packet by 40 ms now and then.
guest_network() {
  local node=$1 nodes=$2 sockets=$3
  if [[ $nodes -eq 1 ]]; then
    echo "user,id=net,restrict=on"
  else
    echo "dgram,id=net,local.type=unix,local.path=$sockets/$node,remote.type=unix,remote.path=$sockets/$((3 - node))"
  fi
}

# Replaces this shell by guest NODE of a stage. Its root is the host's, read-only, below a file system
# in memory; the stage's folder is writable and appears as /vm.
start_guest() {
  local node=$1 nodes=$2 cpus=$3 memory=$4 limit=$5 folder=$6 script=$7 sockets=$8
  exec timeout --foreground --kill-after="$KILL_AFTER_SECONDS" "$limit" qemu-system-x86_64 \
    -M pc "${ACCELERATOR[@]}" -smp "$cpus" -m "$memory" \
    -nodefaults -no-user-config -display none -no-reboot -serial "file:$folder/node$node/console" \
    -kernel "$KERNEL_CACHE/vmlinux" -initrd "$KERNEL_CACHE/initrd.gz" \
    -append "console=ttyS0 quiet panic=-1 $CLOCK_PARAMETERS mitigations=off cryptomgr.notests vm_node=$node vm_nodes=$nodes vm_script=$script" \
    -device isa-debug-exit,iobase=0xf4,iosize=0x04 \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=root,mount_tag=lower \
    -fsdev local,id=share,path="$folder",security_model=none \
    -device virtio-9p-pci,fsdev=share,mount_tag=share \
    -netdev "$(guest_network "$node" "$nodes" "$sockets")" \
    -device virtio-net-pci,netdev=net,romfile=,host_mtu=9000,mac="52:54:00:09:00:0$node"
}

# The exit status of the script inside a guest, from QEMU's.
script_status() {
  local qemu=$1
  if [[ $qemu -eq 0 ]]; then
    echo "$GUEST_DIED"
  elif [[ $qemu -ne $TIMED_OUT && $((qemu % 2)) -eq 1 ]]; then
    echo $(((qemu - GUEST_SCRIPT_STATUS_BASE) / 2))
  else
    echo "$qemu"
  fi
}

# Runs guest script $6 in NODES guests and waits for all of them; the folder's environment file is
# read by the guests. Returns 0 when every script ended with 0, else the first other status.
boot() {
  local nodes=$1 cpus=$2 memory=$3 limit=$4 folder=$5 script=$6 node sockets status=0 one
  GUESTS=()
  sockets=$(mktemp -d)
  for ((node = 1; node <= nodes; node++)); do
    mkdir -p "$folder/node$node"
    start_guest "$node" "$nodes" "$cpus" "$memory" "$limit" "$folder" "$script" "$sockets" \
      </dev/null 2>"$folder/node$node/qemu" &
    GUESTS+=($!)
  done
  for ((node = 1; node <= nodes; node++)); do
    one=0
    wait "${GUESTS[node - 1]}" || one=$?
    one=$(script_status "$one")
    if [[ $one -ne 0 && $status -eq 0 ]]; then
      status=$one
    fi
    echo "$one" >"$folder/node$node/status"
  done
  GUESTS=()
  rm -rf "$sockets"
  return "$status"
}

stop_guests() {
  local guest
  for guest in "${GUESTS[@]:-}"; do
    if [[ -n $guest ]]; then
      kill "$guest" 2>/dev/null || true
    fi
  done
}
