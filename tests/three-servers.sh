#!/usr/bin/env bash
# Three servers and one agent on loopback, data in a fresh folder; Ctrl-C ends them all.
# usage: tests/three-servers.sh [FOLDER] [more agent arguments, e.g. --simulated-nodes 100]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-$(mktemp -d)}
shift || true
dotnet build src/ControlPlane -c Release -v q
bin=$PWD/src/ControlPlane/bin/Release/net10.0/controlplane
mkdir -p "$folder"
"$bin" init --data "$folder/seed" --hosts 127.0.0.1 >/dev/null
members=s1=127.0.0.1:7001,s2=127.0.0.1:7002,s3=127.0.0.1:7003
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
for n in 1 2 3; do
  [ -d "$folder/s$n" ] || cp -r "$folder/seed" "$folder/s$n"
  sed "s/127.0.0.1:6443/127.0.0.1:644$((n + 2))/" "$folder/seed/kubeconfig" >"$folder/kubeconfig-s$n"
  "$bin" server --name "s$n" --data "$folder/s$n" --listen "127.0.0.1:644$((n + 2))" --peer-listen "127.0.0.1:700$n" --initial-cluster "$members" &
done
"$bin" agent --kubeconfig "$folder/kubeconfig-s1" --data "$folder/agent" "$@" &
echo "export KUBECONFIG=$folder/kubeconfig-s1   # or kubeconfig-s2, kubeconfig-s3"
wait
