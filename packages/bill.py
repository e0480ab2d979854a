# SPDX-License-Identifier: BSD-2-Clause
"""The bill of materials of a release, as SPDX tags: packages/bill.py SOURCE OUT
SOURCE is its source, OUT the folder with all else of it. The source's files are told by
reuse; beside them is each file of OUT, and what Debian's packages have brought into it."""

import datetime
import hashlib
import os
import pathlib
import re
import subprocess
import sys

BUILD = pathlib.Path("build")
LIBFDT = "GPL-2.0-or-later OR BSD-2-Clause"


def package(name, version, licence, *, checksum=None, of=None, origin=None):
    """A package's tags; of is the name of that which contains it, origin where it came from."""
    def reference(text):
        return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]", "-", text)

    lines = [f"PackageName: {name}", f"SPDXID: {reference(name)}", f"PackageVersion: {version}",
             "PackageDownloadLocation: NOASSERTION", "FilesAnalyzed: false",
             *([f"PackageChecksum: SHA256: {checksum}"] if checksum else []),
             *([f"PackageSourceInfo: <text>{origin}</text>"] if origin else []),
             "PackageLicenseConcluded: NOASSERTION", f"PackageLicenseDeclared: {licence}",
             "PackageCopyrightText: NOASSERTION",
             f"Relationship: {reference(of) if of else 'SPDXRef-DOCUMENT'} "
             f"{'CONTAINS' if of else 'DESCRIBES'} {reference(name)}"]
    return "\n".join(lines)


def versions(place):
    """(package, version) of what a folder of build/ was unpacked from."""
    return [line.split()[:2] for line in (BUILD / place / "root/versions").read_text().splitlines()]


def made(out):
    """The files of the release, and what is in them of others."""
    version = pathlib.Path("VERSION").read_text(encoding="ascii").strip()
    firmware = versions("tfa")[0]
    for path in sorted(out.iterdir()):
        licence = "NOASSERTION"
        shim = path.name.startswith(("optee-shim", "optee-virt-compat-buildroot"))
        if path.name.startswith("optee-shim"):
            licence = "BSD-2-Clause"
        elif shim or path.name.startswith("meta-"):
            licence = "GPL-2.0-only AND GPL-2.0-or-later AND BSD-2-Clause"
        elif "-dkms_" in path.name:
            licence = "GPL-2.0-only AND BSD-2-Clause"
        elif path.suffix == ".patch":
            licence = "GPL-2.0-only" if "-linux-" in path.name else "GPL-2.0-or-later"
        if shim:
            licence += " AND (GPL-2.0-only OR BSD-2-Clause)"
        yield package(path.name, version, licence, checksum=hashlib.sha256(
            path.read_bytes()).hexdigest())
        if shim:
            yield package(f"libfdt in {path.name}", firmware[1], LIBFDT, of=path.name,
                          origin=f"Debian's source package {' '.join(firmware)}")
        if "-dkms_" in path.name:
            for taken in sorted((BUILD / "packages/dkms/dkms").glob("*/taken-from")):
                name, origin = taken.read_text(encoding="ascii").split()
                yield package(f"drivers/tee/optee of {name}", origin, "GPL-2.0-only",
                              of=path.name, origin=f"Debian's package {name} {origin}")


def main(source, out):
    told = subprocess.run(["reuse", "--root", source, "spdx"], check=True, capture_output=True,
                          text=True).stdout
    head, *files = told.strip().split("\n\n")
    date = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]),
                                           datetime.timezone.utc)
    described = "\n".join(sorted(re.findall("^Relationship: .*", head, re.M)))
    digest = hashlib.sha256("".join(sorted(files)).encode()).hexdigest()
    head = re.sub("^Relationship: .*\n?", "", head, flags=re.M).strip()
    for tag, value in (("DocumentName", source.name), ("Created", f"{date:%Y-%m-%dT%H:%M:%SZ}"),
                       ("DocumentNamespace", f"http://spdx.org/spdxdocs/{source.name}-{digest}")):
        head, count = re.subn(f"^{tag}: .*", f"{tag}: {value}", head, flags=re.M)
        assert count == 1, f"reuse has written no {tag}"
    print("\n\n".join([f"{head}\n{described}", *sorted(files), *made(out)]))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
