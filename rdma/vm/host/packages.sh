# Sourced by run: the Debian packages that the lane needs.

# What each package is for: the emulator; the guest's first programs and modules; the verbs libraries
# and their headers; the tool that makes a soft-RoCE device; the comparison; compiling and unpacking.
# rdma-core itself is not named: it would bring udev and another systemd.
PACKAGES=(
  qemu-system-x86
  busybox-static kmod
  ibverbs-providers libibverbs1 librdmacm1 libibverbs-dev librdmacm-dev
  iproute2
  perftest
  gcc libc6-dev xz-utils
)

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
      echo "$package"
    fi
  done
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  if [[ ${#missing[@]} -eq 0 ]]; then
    return
  fi
  [[ $(id -u) -eq 0 ]] || fail "install the Debian packages ${missing[*]}, or run as root."
  say "installing ${missing[*]}"
  apt-get -q update >"$WORK/apt.log" 2>&1 ||
    { tail -n 20 "$WORK/apt.log" >&2; fail "'apt-get update' failed, see above."; }
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" \
    >>"$WORK/apt.log" 2>&1 ||
    { tail -n 20 "$WORK/apt.log" >&2; fail "'apt-get install ${missing[*]}' failed, see above."; }
}
