#!/usr/bin/env bash
# Starts and stops a real S3 server (single-node Ceph RADOS Gateway, all in memory) on loopback for the S3 tests.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: s3-server.sh start DIR [PORT]   start a server with its files in DIR (must not exist yet); PORT defaults to 7480
       s3-server.sh stop DIR           stop it, wait until it is gone, remove DIR

The account's keys come from S3_ACCESS_KEY and S3_SECRET_KEY (defaults: testaccess, testsecret).
"start" takes a quarter of a minute and prints what the tests need, to be read by the shell:

  eval "$(test/world/s3-server.sh start /tmp/s3)"
  npx vitest run --config test/vitest.config.ts test/storage
  test/world/s3-server.sh stop /tmp/s3

It installs nothing. On Debian and its relatives the programs it needs come with
  apt-get install --no-install-recommends ceph-mon ceph-osd radosgw
TEXT
}

# The real standard error, kept while that of noisy programs goes to a file.
exec 9>&2
say() { echo "s3-server: $*" >&9; }
die() { say "$*"; exit 1; }

# A recorded process counts only while it still runs on our configuration: its number may have been given anew.
ours() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "-c $dir/ceph.conf "; } 2>/dev/null

running() {
  local pid
  while read -r pid; do ours "$pid" && echo "$pid"; done <"$dir/pids" || true
}

await_none() {
  local _
  for _ in $(seq "$1"); do [ -z "$(running)" ] && return 0; sleep 0.1; done
  return 1
}

stop() {
  [ -f "$dir/pids" ] || die "no server of ours in $dir"
  # shellcheck disable=SC2046
  kill $(running) 2>/dev/null || true
  # shellcheck disable=SC2046
  await_none 20 || kill -9 $(running) 2>/dev/null || true
  await_none 50 || die "these would not end: $(running)"
  rm -rf -- "$dir"
}

free_port() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Until the command succeeds; gives up after some tries of half a second, or when a daemon has died.
await() {
  local what=$1 tries=$2
  shift 2
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || die "$what did not come up in time"
    [ "$(running | wc -l)" = "$(wc -l <"$dir/pids")" ] || die "a daemon died before $what came up"
    sleep 0.5
  done
}

daemon() {
  local name=$1
  shift
  setsid "$@" -c "$dir/ceph.conf" --foreground >"$dir/$name.out" 2>&1 </dev/null &
  echo $! >>"$dir/pids"
}

configure() {
  cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $fsid
keyring = $dir/keyring
mon_host = $monitors
public_addr = 127.0.0.1
run_dir = $dir
admin_socket =
log_file = $dir/\$name.log
# One daemon of each kind and one copy of each object, in a crush map of one leaf.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
osd_pool_default_pg_num = 2
osd_pool_default_pg_autoscale_mode = off
mon_data = $dir/mon
mon_data_avail_crit = 1
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
rgw_data = $dir/rgw
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
CONF
}

start_monitor() {
  ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
  monmaptool --create --addv a "$monitors" --fsid "$fsid" "$dir/monmap"
  ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring" -c "$dir/ceph.conf"
  daemon mon ceph-mon -i a
  await 'the monitor' 40 timeout 5 ceph -c "$dir/ceph.conf" quorum_status
}

start_disk() {
  timeout 20 ceph -c "$dir/ceph.conf" osd new "$fsid"
  timeout 20 ceph -c "$dir/ceph.conf" auth get-or-create osd.0 \
    mon 'allow profile osd' osd 'allow *' mgr 'allow *' >>"$dir/keyring"
  ceph-osd -i 0 --mkfs --osd-uuid "$fsid" -c "$dir/ceph.conf"
  daemon osd ceph-osd -i 0
  await 'the object daemon' 40 up
}
up() { timeout 5 ceph -c "$dir/ceph.conf" osd stat | grep -q '1 up'; }

start_gateway() {
  daemon rgw radosgw -n client.admin
  await 'the gateway' 80 answers
  timeout 60 radosgw-admin -c "$dir/ceph.conf" user create --uid tests --display-name tests \
    --access-key "$S3_ACCESS_KEY" --secret-key "$S3_SECRET_KEY"
}
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

give_up() {
  say "did not start; the last words were:"
  tail -n 3 "$dir"/*.out >&9 || true
  stop
}

start() {
  local program
  for program in ceph ceph-mon ceph-osd ceph-authtool monmaptool radosgw radosgw-admin; do
    command -v "$program" >/dev/null || die "there is no $program here; see: $0 help"
  done
  [ ! -e "$dir" ] || die "$dir exists already; stop the server there, or name another directory"
  for program in "$port" $((port + 1)) $((port + 2)); do
    free_port "$program" || die "port $program of 127.0.0.1 is taken; name another PORT (it uses three)"
  done
  fsid=$(cat /proc/sys/kernel/random/uuid)
  monitors="[v2:127.0.0.1:$((port + 1)),v1:127.0.0.1:$((port + 2))]"
  mkdir -p "$dir"/{mon,osd,rgw}
  : >"$dir/pids"
  trap '[ $? = 0 ] || give_up' EXIT
  configure
  { start_monitor; start_disk; start_gateway; } >"$dir/setup.out" 2>&1
  printf 'export S3_ENDPOINT=http://127.0.0.1:%s S3_ACCESS_KEY=%q S3_SECRET_KEY=%q\n' \
    "$port" "$S3_ACCESS_KEY" "$S3_SECRET_KEY"
}

command=${1:-help}
[ "$command" = help ] || [ "$command" = --help ] || [ $# -ge 2 ] || { usage >&2; exit 2; }
case $command in
  start | stop)
    dir=$(realpath -m -- "$2")
    port=${3:-7480}
    [[ $port =~ ^[0-9]{2,5}$ ]] || die "that is not a port: $port"
    : "${S3_ACCESS_KEY:=testaccess}" "${S3_SECRET_KEY:=testsecret}"
    "$command"
    ;;
  help | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
