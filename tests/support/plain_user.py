"""Commands as a plain user, also when the tests run as root."""

import os
import pathlib
import pwd

USER = "nobody"

# Where a folder above the checkout lets nobody in (/root does not), a namespace of the command's own shows the
# checkout alone, at its place: arguments are the checkout, the closed folder, and the command.
OPEN_THE_WAY = """
set -e
mkdir -p /mnt; mount --bind "$1" /mnt
mount -t tmpfs -o mode=755 none "$2"
mkdir -p "$1"; mount --move /mnt "$1"
shift 2; exec "$@"
"""


def as_plain_user(command, checkout):
    """Returns the command as a user without rights: ours, or nobody for root."""
    if os.geteuid() != 0:
        return command
    group = pwd.getpwnam(USER).pw_gid
    plain = ["setpriv", f"--reuid={USER}", f"--regid={group}", "--clear-groups", "--no-new-privs", *command]
    closed = [folder for folder in pathlib.Path(checkout).parents if not folder.stat().st_mode & 0o001]
    return ["unshare", "-m", "sh", "-c", OPEN_THE_WAY, "-", str(checkout), str(closed[-1]), *plain] if closed else plain


def give(folder):
    """Makes the folder the plain user's own."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(USER)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder
