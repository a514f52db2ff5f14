"""Makes dateutil.json: what python-dateutil 2.9.0 says of rules, as moments in UTC.

Run once, with `pip install python-dateutil==2.9.0.post0`: python3 make.py > dateutil.json. Tests read only the JSON.
dateutil takes UNTIL in UTC alone where the start has a zone (RFC 5545, 3.3.10); a time of the clock there and a day are
written so first. A time that a clock jumps over is moved by dateutil.tz.resolve_imaginary; of one that comes twice it takes
the first.
"""
import json, re, sys
from datetime import datetime, timedelta, timezone
from dateutil import rrule, tz

CASES = [
    # UNTIL in UTC, near the last window on both sides
    ("FREQ=WEEKLY;UNTIL=20261219T103000Z", "Asia/Jerusalem", "2026-12-05T12:30"),
    ("FREQ=WEEKLY;UNTIL=20261219T102959Z", "Asia/Jerusalem", "2026-12-05T12:30"),
    ("FREQ=DAILY;UNTIL=20261203T080000Z", "America/Los_Angeles", "2026-12-01T01:00"),
    ("FREQ=DAILY;UNTIL=20261203T090000Z", "America/Los_Angeles", "2026-12-01T01:00"),
    ("FREQ=DAILY;UNTIL=20261203T085959Z", "America/Los_Angeles", "2026-12-01T01:00"),
    ("FREQ=DAILY;UNTIL=20261202T150000Z", "Asia/Tokyo", "2026-12-01T00:00"),
    ("FREQ=DAILY;UNTIL=20261202T145959Z", "Asia/Tokyo", "2026-12-01T00:00"),
    ("FREQ=DAILY;UNTIL=20261204T101500Z", "Asia/Kathmandu", "2026-12-01T16:00"),
    ("FREQ=DAILY;UNTIL=20261204T101459Z", "Asia/Kathmandu", "2026-12-01T16:00"),
    ("FREQ=DAILY;UNTIL=20261201T100000Z", "Pacific/Kiritimati", "2026-12-01T00:00"),
    ("FREQ=DAILY;UNTIL=20261202T100000Z", "Pacific/Kiritimati", "2026-12-01T00:00"),
    ("FREQ=DAILY;UNTIL=20261204T103000Z", "Pacific/Pago_Pago", "2026-12-01T23:30"),
    ("FREQ=DAILY;UNTIL=20261204T102959Z", "Pacific/Pago_Pago", "2026-12-01T23:30"),
    ("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20270310T010000Z", "America/New_York", "2026-12-01T20:00"),
    ("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20270310T005959Z", "America/New_York", "2026-12-01T20:00"),
    ("FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20261225T000000Z", "Europe/Paris", "2026-12-14T06:00"),
    ("FREQ=YEARLY;UNTIL=20300228T230000Z", "Europe/Berlin", "2026-03-01T00:00"),
    ("FREQ=YEARLY;UNTIL=20300228T225959Z", "Europe/Berlin", "2026-03-01T00:00"),
    ("FREQ=DAILY;UNTIL=20251101T000000Z", "Europe/Paris", "2026-12-14T06:00"),
    ("FREQ=DAILY;UNTIL=20261214T050000Z", "Europe/Paris", "2026-12-14T06:00"),
    # UNTIL over a change of the clock
    ("FREQ=DAILY;UNTIL=20260330T000000Z", "Europe/Berlin", "2026-03-27T02:00"),
    ("FREQ=DAILY;UNTIL=20260329T010000Z", "Europe/Berlin", "2026-03-27T03:00"),
    ("FREQ=DAILY;UNTIL=20261025T003000Z", "Europe/Berlin", "2026-10-23T02:30"),
    ("FREQ=DAILY;UNTIL=20261025T002959Z", "Europe/Berlin", "2026-10-23T02:30"),
    ("FREQ=DAILY;UNTIL=20261102T063000Z", "America/New_York", "2026-10-30T01:30"),
    ("FREQ=DAILY;UNTIL=20261102T062959Z", "America/New_York", "2026-10-30T01:30"),
    # UNTIL is a day: the whole of it there
    ("FREQ=DAILY;UNTIL=20261203", "America/Los_Angeles", "2026-12-01T23:00"),
    ("FREQ=DAILY;UNTIL=20261203", "Asia/Tokyo", "2026-12-01T02:00"),
    ("FREQ=DAILY;UNTIL=20261203", "Pacific/Kiritimati", "2026-12-01T23:59"),
    ("FREQ=DAILY;UNTIL=20261203", "Pacific/Pago_Pago", "2026-12-01T00:00"),
    ("FREQ=WEEKLY;UNTIL=20261219", "Asia/Jerusalem", "2026-12-05T12:30"),
    ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20260329", "Europe/Berlin", "2026-03-15T23:30"),
    ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20261025", "Europe/Berlin", "2026-10-11T23:30"),
    ("FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20261231", "UTC", "2026-07-31T22:00"),
    ("FREQ=DAILY;UNTIL=20261003", "Australia/Lord_Howe", "2026-10-01T12:00"),
    # UNTIL is a time of the clock there
    ("FREQ=DAILY;UNTIL=20261203T010000", "America/Los_Angeles", "2026-12-01T01:00"),
    ("FREQ=DAILY;UNTIL=20261203T005959", "America/Los_Angeles", "2026-12-01T01:00"),
    ("FREQ=WEEKLY;UNTIL=20261219T123000", "Asia/Jerusalem", "2026-12-05T12:30"),
    # lower case, and with its name
    ("freq=daily;until=20261203t080000z", "America/Los_Angeles", "2026-12-01T01:00"),
    ("rrule:freq=weekly;byday=mo,fr;count=5", "Europe/London", "2026-12-01T09:00"),
    ("RRULE:FREQ=Monthly;ByDay=-1Th;Count=4", "Europe/London", "2026-08-01T09:00"),
    ("freq=weekly;interval=2;wkst=su;byday=tu,su;count=6", "Europe/London", "2026-08-01T09:00"),
    # times that a clock jumps over, and those that come twice
    ("FREQ=DAILY;COUNT=4", "Europe/Berlin", "2026-03-27T02:30"),
    ("FREQ=DAILY;COUNT=4", "Europe/Berlin", "2026-10-23T02:30"),
    ("FREQ=DAILY;COUNT=4", "America/New_York", "2026-03-06T02:15"),
    ("FREQ=DAILY;COUNT=4", "America/New_York", "2026-10-30T01:15"),
    ("FREQ=DAILY;COUNT=4", "America/St_Johns", "2026-10-30T01:45"),
    ("FREQ=DAILY;COUNT=4", "Australia/Lord_Howe", "2026-10-02T02:15"),
    ("FREQ=DAILY;COUNT=4", "Australia/Lord_Howe", "2026-04-03T01:30"),
    ("FREQ=DAILY;COUNT=4", "Australia/Lord_Howe", "2026-04-03T01:45"),
    ("FREQ=DAILY;COUNT=4", "Australia/Lord_Howe", "2026-04-03T01:59"),
    ("FREQ=DAILY;COUNT=4", "Australia/Lord_Howe", "2026-04-03T02:00"),
    ("FREQ=DAILY;COUNT=4", "Australia/Sydney", "2026-04-03T02:30"),
    ("FREQ=DAILY;COUNT=4", "Australia/Sydney", "2026-10-02T02:30"),
    ("FREQ=DAILY;COUNT=4", "Africa/Casablanca", "2026-02-13T02:30"),
    ("FREQ=DAILY;COUNT=4", "Africa/Casablanca", "2026-03-20T02:30"),
    ("FREQ=DAILY;COUNT=4", "Asia/Beirut", "2026-03-27T00:30"),
    ("FREQ=DAILY;COUNT=4", "America/Santiago", "2026-09-04T00:30"),
    ("FREQ=DAILY;COUNT=4", "America/Santiago", "2026-04-03T23:30"),
    ("FREQ=DAILY;COUNT=4", "Pacific/Chatham", "2026-09-25T02:50"),
    ("FREQ=DAILY;COUNT=4", "Antarctica/Troll", "2026-03-27T02:30"),
    ("FREQ=DAILY;COUNT=4", "Antarctica/Troll", "2026-10-23T02:30"),
    ("FREQ=DAILY;COUNT=5", "Pacific/Apia", "2011-12-28T10:00"),
    ("FREQ=WEEKLY;COUNT=4", "Europe/Dublin", "2026-10-18T01:30"),
    # the rules themselves
    ("FREQ=MONTHLY;BYDAY=2TU;COUNT=6", "America/New_York", "2026-01-01T20:00"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=6", "Europe/Madrid", "2026-01-15T23:00"),
    ("FREQ=MONTHLY;BYMONTHDAY=30;COUNT=6", "Europe/Madrid", "2026-01-30T23:00"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=6", "Asia/Kolkata", "2026-01-15T18:30"),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=3", "UTC", "2024-02-29T12:00"),
    ("FREQ=YEARLY;COUNT=3", "UTC", "2024-02-29T12:00"),
    ("FREQ=YEARLY;BYYEARDAY=-1;COUNT=3", "America/Sao_Paulo", "2026-01-01T12:00"),
    ("FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO;COUNT=4", "Europe/Oslo", "2026-01-01T12:00"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO;COUNT=6", "Europe/Rome", "2026-01-04T03:00"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;COUNT=6", "Europe/Rome", "2026-01-04T03:00"),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", "Africa/Cairo", "2026-04-04T00:15"),
    ("FREQ=DAILY;BYMONTH=1,7;BYDAY=SA;COUNT=8", "Asia/Tehran", "2026-01-01T04:00"),
]


def ends(rule, zone):
    """The rule without UNTIL, and the moment that it means."""
    found = re.search(r";UNTIL=([0-9TZ]+)", rule)
    if not found:
        return rule, None
    rest, text = rule.replace(found.group(0), ""), found.group(1)
    if text.endswith("Z"):
        return rest, datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    if "T" in text:
        wall = datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    else:
        wall = datetime.strptime(text, "%Y%m%d").replace(hour=23, minute=59, second=59, tzinfo=zone)
    return rest, wall.astimezone(timezone.utc)


def times(rule, name, start):
    zone = tz.UTC if name == "UTC" else tz.gettz(name)
    rest, until = ends(rule.upper().removeprefix("RRULE:"), zone)
    if until:
        rest += ";UNTIL=" + until.strftime("%Y%m%dT%H%M%SZ")
    out = []
    for wall in rrule.rrulestr(rest, dtstart=datetime.strptime(start, "%Y-%m-%dT%H:%M").replace(tzinfo=zone)):
        at = tz.resolve_imaginary(wall).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
        if at not in out:
            out.append(at)
    return out


json.dump([{"rule": r, "zone": z, "start": s, "times": times(r, z, s)} for r, z, s in CASES], sys.stdout, indent=1)
print()
