"""What every benchmark's last line says: the figure, and under which conditions it came about."""

import os
import platform
import statistics


def require_all(found, expected):
    """A figure counts only if the work was done."""
    if found != expected:
        raise RuntimeError(f"weir landed {found} changes, the source has {expected}")


def conditions(server, **known):
    """Returns what is known, the server's version and the machine."""
    version = {"postgresql": server.psql("show server_version").split()[0], "fsync_of_the_source": "off"} if server else {}
    return {**known, **version, "cores": os.cpu_count(), "machine": platform.machine()}


def line(name, unit, value, *, floor=None, target=None, costs, rows, conditions, **more):  # noqa: PLR0913
    """Returns the last line. `costs` are those of weir's runs, `rows` what each of them landed."""
    cpu_s = statistics.median(cost.cpu_s for cost in costs)
    return {
        "name": name, "value": rounded(value), "unit": unit, "floor": rounded(floor) if floor else None,
        "ratio": round(value / floor, 3) if floor else None, "target": target, **more,
        "peak_rss_mib": round(max(cost.peak_rss_mib for cost in costs), 1),
        "cpu_us_per_row": round(cpu_s * 1e6 / rows, 3) if rows else None,
        "conditions": conditions,
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def rounded(value):
    return round(value) if value >= 1000 else round(value, 2)
