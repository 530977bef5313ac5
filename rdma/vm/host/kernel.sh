# Sourced by run: Debian's stock kernel as an ELF image and an initial file system that holds the few
# modules a guest needs. The kernel's package is only unpacked, never installed.

# Loaded in this order: the buses, the host's files, and soft-RoCE with what user space talks to.
GUEST_MODULES=(virtio_pci virtio_net 9pnet_virtio 9p overlay crc32_generic rdma_rxe rdma_ucm)

# Where those modules and what they depend on lie in the package: all of it would be 300 MB.
KERNEL_FOLDERS=(
  drivers/infiniband/core drivers/infiniband/sw/rxe
  drivers/virtio drivers/net/virtio_net.ko drivers/net/net_failover.ko
  net/core net/9p net/ipv4 net/ipv6
  fs/9p fs/netfs fs/fscache fs/overlayfs fs/configfs crypto
)

# Name of the package that the metapackage stands for at present, or nothing.
kernel_package() {
  apt-cache depends linux-image-amd64 2>/dev/null |
    sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*-amd64\)$/\1/p' | head -n 1
}

# An unsigned integer of $1 bytes at offset $2 of file $3.
unsigned_at() {
  od -An -t "u$1" -j "$2" -N "$1" "$3" | tr -d ' '
}

# The ELF image inside a bzImage (offsets: Documentation/arch/x86/boot.rst). QEMU starts it directly
# (PVH), which saves the emulation of the decompressor: 4 to 6 s a boot.
extract_image() {
  local bzimage=$1 setup_sectors payload length
  setup_sectors=$(unsigned_at 1 497 "$bzimage")
  payload=$(unsigned_at 4 584 "$bzimage")
  length=$(unsigned_at 4 588 "$bzimage")
  # head closes the pipe when it has enough, which ends tail by a signal: no failure here.
  { tail -c +$(((setup_sectors + 1) * 512 + payload + 1)) "$bzimage" || true; } |
    head -c "$length" | xz -dc --single-stream
}

# The initial file system: busybox, the modules in load order, and guest/init.
pack_initrd() {
  local unpacked=$1 version=$2 root=$1/root module
  mkdir -p "$root"/{bin,mod,proc,sys,dev,lower,tmpfs,new}
  cp "$(command -v busybox)" "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"
  install -m 755 "$VM/guest/init" "$root/init"
  depmod -b "$unpacked" "$version" 2>"$unpacked/depmod.log"
  for module in "${GUEST_MODULES[@]}"; do
    modprobe -d "$unpacked" -S "$version" -D "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' >"$unpacked/modules"
  while read -r module; do
    cp "$module" "$root/mod/"
    basename "$module"
  done <"$unpacked/modules" >"$root/mod/order"
  (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1
}

# Downloads and unpacks package $1 into folder $2.
fetch_kernel() {
  local package=$1 folder=$2 patterns=() entry
  (cd "$folder" && apt-get -q download -o APT::Sandbox::User=root "$package" >apt.log 2>&1) ||
    { cat "$folder/apt.log" >&2; return 1; }
  for entry in "${KERNEL_FOLDERS[@]}"; do
    patterns+=("./lib/modules/*/kernel/$entry*")
  done
  dpkg-deb --fsys-tarfile "$folder"/linux-image-*.deb | tar -x -C "$folder" --wildcards \
    './boot/vmlinuz-*' './lib/modules/*/modules.*' "${patterns[@]}"
}

# Makes KERNEL_CACHE/{vmlinux,initrd.gz}, unless they are there for the present kernel and init.
prepare_kernel() {
  local package version unpacked key
  mkdir -p "$KERNEL_CACHE"
  package=$(kernel_package)
  if [[ -z $package && $(id -u) -eq 0 ]]; then
    apt-get -q update >/dev/null 2>&1 || true
    package=$(kernel_package)
  fi
  [[ -n $package ]] ||
    fail "apt knows no package linux-image-amd64: run 'apt-get update' on a Debian for x86-64."
  version=${package#linux-image-}
  key="$version $(cat "$VM/guest/init" "$VM/host/kernel.sh" | sha256sum)"
  if [[ $(cat "$KERNEL_CACHE/key" 2>/dev/null) == "$key" ]]; then
    return
  fi
  say "preparing kernel $version"
  rm -f "$KERNEL_CACHE/key"
  unpacked=$(mktemp -d "$WORK/kernel.XXXXXX")
  fetch_kernel "$package" "$unpacked" || fail "the download of $package failed, see above."
  extract_image "$unpacked/boot/vmlinuz-$version" >"$KERNEL_CACHE/vmlinux"
  pack_initrd "$unpacked" "$version" >"$KERNEL_CACHE/initrd.gz"
  rm -rf "$unpacked"
  echo "$key" >"$KERNEL_CACHE/key"
}
