#!/usr/bin/env bash
# Makes sure that the real programs the tests run against are there, and prints the path of each.
#
#   get.sh [PROGRAM…]        default: all of them
#
# In this order: $KUBEBUILDER_ASSETS; our cache, when built from the same pins; PATH, when not too
# old; else built (or unpacked) into the cache, ${KTEL_REAL:-~/.cache/ktel/real}, unless
# KTEL_REAL_BUILD=0. A pin is the digest of a program's go.mod, go.sum, sources and build flags.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${KTEL_REAL:-${XDG_CACHE_HOME:-$HOME/.cache}/ktel/real}
all=(etcd kube-apiserver kubectl helm hec hec-sender otelcol prometheus promtool regexp victoria-metrics vmagent vmauth splunk-logging splunk-handler schemathesis axe grafana-types rsyslogd postgres chromium curl openssl strace skopeo musl-gcc)

say() { echo "get.sh: $*" >&2; }
fail() { say "$*"; exit 1; }

# The oldest release of another's build that the tests are known to be true for.
oldest() {
  case $1 in
    etcd) echo 3.5 ;;
    kube-apiserver | kubectl) echo 1.34 ;;
    *) return 1 ;;
  esac
}

version_of() {
  local flag=--version
  [ "$(basename "$1")" = kubectl ] && flag="version --client"
  # shellcheck disable=SC2086 # two words on purpose
  "$1" $flag 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -1
}

on_path() { # prints the user's own program if it is new enough
  local found version least
  found=$(command -v "$1") && least=$(oldest "$1") && version=$(version_of "$found") || return 1
  if [ "$(printf '%s\n' "$least" "$version" | sort -V | head -1)" != "$least" ]; then
    say "$found is $version, older than $least: not used"
    return 1
  fi
  echo "$found"
}

# Kubernetes built with Go 1.27 answers 503 to OpenAPI v2, and `kubectl apply` fails.
need_go() {
  command -v go >/dev/null || fail "\`$1\` has to be built, and there is no Go (1.26) on PATH"
  [[ $(go env GOVERSION) == go1.26* ]] || export GOTOOLCHAIN=go1.26.8
  go version >/dev/null || fail "\`$1\` has to be built with Go 1.26, and $(command -v go) cannot provide it"
}

build() { # program, module folder, package, further flags of go build
  local name=$1 folder=$here/$2 package=$3
  shift 3
  local pin
  pin=$({ cat "$folder"/*; echo "$package $*"; } | sha256sum | cut -d' ' -f1)
  if [ -x "$cache/$name" ] && [ "$(cat "$cache/$name.pin" 2>/dev/null)" = "$pin" ]; then
    echo "$cache/$name"
    return
  fi
  on_path "$name" && return
  may_build "$name"
  need_go "$name"
  say "building $name, once; kube-apiserver takes about 4 minutes on two cores, the others less"
  (cd "$folder" && CGO_ENABLED=0 go build -trimpath "$@" -o "$cache/$name.part" "$package") || fail "\`$name\` did not build"
  mv "$cache/$name.part" "$cache/$name"
  echo "$pin" >"$cache/$name.pin"
  echo "$cache/$name"
}

unpack() { # program, its package in a later Debian, unpacked in private without installing it
  local name=$1 package=$2 suite=${DEBIAN_SUITE:-sid}
  if [ ! -x "$cache/$name" ] || [ "$(cat "$cache/$package.pin" 2>/dev/null)" != "$suite" ]; then
    may_build "$name"
    command -v apt-get >/dev/null || fail "\`$name\` comes from a Debian package, and there is no apt-get"
    say "unpacking $package of Debian $suite"
    local apt=$cache/apt uri keys=/usr/share/keyrings/debian-archive-keyring.gpg
    rm -rf "$apt"
    mkdir -p "$apt/parts" "$apt/lists/partial" "$apt/cache/archives/partial"
    uri=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -1)
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$uri" "$suite" "$keys" >"$apt/parts/next.sources"
    local options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/parts" -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
    apt-get -qq "${options[@]}" update >&2
    (cd "$apt" && apt-get -qq "${options[@]}" download "$package" && dpkg -x "$package"_*.deb tree) >&2
    mv "$apt"/tree/usr/bin/{victoria-metrics,vmagent,vmauth} "$cache/"
    rm -rf "$apt"
    echo "$suite" >"$cache/$package.pin"
  fi
  echo "$cache/$name"
}

from_pypi() { # program, the folder that names it and all that it needs, in an environment of its own
  local name=$1 list=$here/$2/requirements.txt home=$cache/$2-venv pin
  pin=$(sha256sum "$list" | cut -d' ' -f1)
  if [ ! -x "$home/bin/$name" ] || [ "$(cat "$home.pin" 2>/dev/null)" != "$pin" ]; then
    may_build "$name"
    command -v python3 >/dev/null || fail "\`$name\` comes from PyPI, and there is no Python (3.11)"
    say "installing $name, once"
    rm -rf "$home" "$home.pin"
    { python3 -m venv --without-pip "$home" && python3 -m pip --python "$home/bin/python3" install --quiet --no-deps --requirement "$list"; } >&2 \
      || fail "\`$name\` could not be installed"
    echo "$pin" >"$home.pin"
  fi
  echo "$home/bin/$name"
}

from_npm() { # program, a file of a package that its lock names
  local name=$1 folder=$here/$1 file=$cache/$1/node_modules/$2 pin
  pin=$(cat "$folder"/* | sha256sum | cut -d' ' -f1)
  if [ ! -f "$file" ] || [ "$(cat "$cache/$name.pin" 2>/dev/null)" != "$pin" ]; then
    may_build "$name"
    command -v npm >/dev/null || fail "\`$name\` is installed with \`npm\`; Debian's package is \`npm\`"
    rm -rf "${cache:?}/$name"
    mkdir -p "$cache/$name"
    cp "$folder"/* "$cache/$name/"
    (cd "$cache/$name" && npm ci --silent --ignore-scripts --no-audit --no-fund >&2) || fail "\`$name\` was not installed"
    echo "$pin" >"$cache/$name.pin"
  fi
  echo "$file"
}

installed() { # program, the package to install, a file that this package may come without
  local found postgres
  postgres=$(printf '%s:' /usr/lib/postgresql/*/bin) # off the PATH, one folder for each version
  found=$(PATH=$postgres$PATH:/usr/sbin:/sbin command -v "$1") || fail "\`$1\` is not installed; Debian's package is \`$2\`"
  if [ -n "${3:-}" ] && [ -z "$(find /usr/lib /usr/lib64 -name "$3" -print -quit 2>/dev/null)" ]; then
    fail "\`$1\` is installed without \`$3\`; Debian's package is \`$4\`"
  fi
  echo "$found"
}

client() { # a client of npm or PyPI with a script that runs it, at the versions and digests that its lock says
  local folder=$here/clients name=${1%.*} tool package pin
  pin=$(cat "$folder"/* | sha256sum | cut -d' ' -f1)
  if [ ! -x "$cache/$name/$1" ] || [ "$(cat "$cache/$name.pin" 2>/dev/null)" != "$pin" ]; then
    may_build "$name"
    case $1 in *.js) tool=npm package=npm ;; *) tool=python3 package=python3-pip ;; esac
    command -v "$tool" >/dev/null || fail "\`$name\` is installed with \`$tool\`; Debian's package is \`$package\`"
    rm -rf "${cache:?}/$name"
    mkdir -p "$cache/$name"
    cp "$folder"/* "$cache/$name/"
    case $tool in
      npm) (cd "$cache/$name" && npm ci --silent --ignore-scripts --no-audit --no-fund >&2) || fail "\`$name\` was not installed" ;;
      python3) python3 -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --platform any --target "$cache/$name/lib" -r "$folder/requirements.txt" >&2 || fail "\`$name\` was not installed" ;;
    esac
    echo "$pin" >"$cache/$name.pin"
  fi
  echo "$cache/$name/$1"
}

may_build() {
  [ "${KTEL_REAL_BUILD:-1}" != 0 ] || fail "\`$1\` is not at hand, and KTEL_REAL_BUILD=0 forbids building it"
}

get() {
  local assets=${KUBEBUILDER_ASSETS:-} kube=k8s.io/component-base/version kube_version
  kube_version="-s -w -X $kube.gitVersion=v1.36.4 -X $kube.gitMajor=1 -X $kube.gitMinor=36"
  if [ -n "$assets" ] && [ -x "$assets/$1" ]; then
    echo "$assets/$1"
    return
  fi
  case $1 in
    etcd) build etcd etcd go.etcd.io/etcd/server/v3 -ldflags "-s -w" ;;
    kube-apiserver) build kube-apiserver kubernetes k8s.io/kubernetes/cmd/kube-apiserver -ldflags "$kube_version" ;;
    kubectl) build kubectl kubernetes k8s.io/kubernetes/cmd/kubectl -ldflags "$kube_version" ;;
    helm) build helm helm helm.sh/helm/v4/cmd/helm -ldflags "-s -w" ;;
    hec) build hec hec . -ldflags "-s -w" ;;
    hec-sender) build hec-sender hec-sender . -ldflags "-s -w" ;;
    otelcol) build otelcol collector . -tags remove_all_sd -ldflags "-s -w" ;;
    prometheus) build prometheus prometheus github.com/prometheus/prometheus/cmd/prometheus -tags remove_all_sd -ldflags "-s -w" ;;
    promtool) build promtool prometheus github.com/prometheus/prometheus/cmd/promtool -tags remove_all_sd -ldflags "-s -w" ;;
    regexp) build regexp regexp . -ldflags "-s -w" ;;
    victoria-metrics | vmagent | vmauth) unpack "$1" victoria-metrics ;;
    splunk-logging) client splunk-logging.js ;;
    splunk-handler) client splunk-handler.py ;;
    schemathesis) from_pypi schemathesis schemathesis ;;
    axe) from_npm axe axe-core/axe.min.js ;;
    grafana-types) from_npm grafana-types typescript/bin/tsc ;;
    chromium) installed chromium chromium ;;
    rsyslogd) installed rsyslogd rsyslog lmnsd_ossl.so rsyslog-openssl ;;
    postgres) installed postgres postgresql ;;
    curl | openssl | strace | skopeo) installed "$1" "$1" ;;
    musl-gcc) installed musl-gcc musl-tools ;;
    *) fail "no program is called \`$1\`; there are: ${all[*]}" ;;
  esac
}

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
if command -v flock >/dev/null; then # one builder at a time
  exec 9>"$cache/lock"
  flock 9
fi
[ $# -gt 0 ] || set -- "${all[@]}"
for program in "$@"; do get "$program" 9>&-; done
