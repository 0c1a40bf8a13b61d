#!/bin/bash
# systemd as process 1 of namespaces of its own, with the units of a folder and nothing else. For tests; needs root.
#   systemd-in-a-namespace.sh UNITS APP      UNITS: folder of unit files and test.target; APP: folder that becomes /opt/sample-web
# Nothing outside changes: mounts, processes, network and host name are its own, /proc/sys can't be written, and its control groups
# lie in one group that the caller removes.
set -euo pipefail
units="$1" app="$2"

mount -t tmpfs tmpfs /run
mkdir -p /run/units /run/etc /run/work /run/opt
cp "$units"/* /run/units
for target in sysinit basic shutdown sockets umount final; do
  printf '[Unit]\nDefaultDependencies=no\n' >"/run/units/$target.target"
done
mount --bind -o ro /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind "$app" /mnt
mount -t tmpfs tmpfs /opt
mkdir /opt/sample-web
mount --move /mnt /opt/sample-web 2>/dev/null || mount --bind /mnt /opt/sample-web
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work /etc
mount --bind /run/units /lib/systemd/system
mkdir -p /etc/systemd/system
mount --bind /run/units /etc/systemd/system
mount -t tmpfs tmpfs /lib/systemd/system-generators
ip link set lo up
exec env -i PATH="$PATH" container=test /lib/systemd/systemd --system --unit=test.target --log-target=console --log-level=info --show-status=no --log-color=no
