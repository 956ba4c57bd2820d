"""`hesctl decode --json` on every frame of the vectors, against all that their sources say.

A source has its own names, so every name of an expectation is looked up in `SAID`: it gives
where `decode` has it. What cannot be compared stands in `UNSAID`, with the reason.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.cosem_meaning import TokenStatus
from hesd.dlms.data_type import DataType
from tests.ctl.run_hesctl import run
from tests.dlms.vectors import VECTORS

Shown = dict[str, Any]
Said = Callable[[Any, Shown, Shown], Any]

# What sources say that no frame says, by key; or by vector and key where others do say it.
UNSAID = {
    "note": "advice",
    "crc_over": "how the sum is made; it was checked",
    "checksum": "how the sum is made; it was checked",
    "na": "how the source writes it",
    "documented": "the number in the data sheet's own counting",
    "order": "what the data sheet keeps there",
    "names": "what the data sheet keeps there",
    "register": "what was asked, which a reply does not say",
    "profile": "whose register it is",
    "quadrant": "the data sheet's reading of a number",
    "pf": "the data sheet's reading of a number",
    "kwh": "the data sheet's scaling",
    "word_order": "the order `read_as` shows",
    "as_float_would_be": "what the wrong type would show",
    "reply": "compared by its own test",
    "with_scaler": "a scaler that another frame has",
    "encoding": "how the digits stand in the octets",
    "aad": "how the tag is made; it was verified",
    "iv": "how the tag is made; it was verified",
    "tag_len": "how the tag is made; it was verified",
    "stoc": "the challenge, which an earlier frame has",
    "client_system_title": "whose answer it is, which an earlier frame has",
    "action": "what a listener does",
    "resp-voltage-scaled.value": "needs the scaler, which another frame has",
    "em6400ng-int64-na.value": "the data sheet's reading of a number",
    "push-mbus-long-frame-austria-style.plaintext": "another protocol: recognised, not read",
    "resp-token-status-0.class": "stands in the request", "resp-token-status-0.attr": "so does this",
    "resp-token-status-3.class": "stands in the request", "resp-token-status-3.attr": "so does this",
    "resp-token-status-5.class": "stands in the request", "resp-token-status-5.attr": "so does this",
    "resp-token-status-6.class": "stands in the request", "resp-token-status-6.attr": "so does this",
    "resp-token-status-8.class": "stands in the request", "resp-token-status-8.attr": "so does this",
}  # fmt: skip
REFUSED = {
    "glo-get-request-bad-tag": "tag is wrong",
    "wrapper-oversize-length": "longer than allowed",
    "wrapper-bad-version": "not wrapper version 1",
    "hdlc-bad-hcs": "header checksum",
    "hdlc-bad-fcs": "frame checksum",
    "push-mbus-long-frame-austria-style": "unsupported",
    "dlt645-2007-sniff": "unsupported",
    "rtu-bad-crc": "CRC",
    "sts-invalid-over-66-bits": "2 to the power of 66",
    "sts-invalid-class3": "class 3",
    "sts-invalid-length": "20 digits",
}
# Read together with the frame before it.
AFTER = {
    "rtu-wrong-unit-reply": ["sdm630-read-l1-voltage-req"],
    "hdlc-segmented-3-of-3": ["hdlc-segmented-1-of-3", "hdlc-segmented-2-of-3"],
    "push-lg-e450-gbt-3-of-3": ["push-lg-e450-gbt-1-of-3", "push-lg-e450-gbt-2-of-3"],
}
LAYERS = {
    "xdlms": "apdu", "acse": "apdu", "xdlms-ciphered": "apdu", "xdlms-security-payload": "apdu",
    "stream": "wrapper", "raw": "login", "sniff": "dlt645",
}  # fmt: skip
FRAME = {
    "dst": "destination_address", "src": "source_address", "info_len": "information_length",
    "src_wport": "source_wport", "dst_wport": "destination_wport",
}  # fmt: skip


def flat(text: str) -> str:
    """A name without its spelling."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def wall_clock(text: str) -> dt.datetime:
    """The local time in what a source writes, to the second."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d)?)", text)
    assert found, text
    return dt.datetime.fromisoformat(f"{found[1]}T{found[2]}")


def has(key: str) -> Said:
    return lambda wanted, frame, whole: (frame[key], wanted)


def initiate(frame: Shown) -> Shown:
    inside: Shown = frame["user_information"]
    return inside.get("content", inside)


def agreed(name: str) -> Said:
    """What either side of an association has under one of two names."""

    def said(wanted: Any, frame: Shown, whole: Shown) -> Any:
        names = {"conformance": ("proposed_conformance", "negotiated_conformance")}
        names["pdu"] = ("client_max_receive_pdu_size", "server_max_receive_pdu_size")
        (found,) = (initiate(frame)[key] for key in names[name] if key in initiate(frame))
        return found, wanted

    return said


def of_values(kind: type) -> Said:
    """Whether it is among the values."""
    return lambda wanted, frame, whole: (wanted in [v for v in whole["values"] if isinstance(v, kind)], True)


def value(wanted: Any, frame: Shown, whole: Shown) -> Any:
    if isinstance(wanted, list):
        return whole["values"], wanted
    if isinstance(wanted, str):  # octet-string(12) 2025-11-19 wed 17:16:59 ..., octet-string "..."
        (shown,) = whole["values"]
        quoted = re.search(r'"(.*)"', wanted)
        return (shown, quoted[1]) if quoted else (f"{moment(shown):%Y-%m-%d %H:%M:%S}", "2025-11-19 17:16:59")
    return wanted in whole["values"], True


def meaning(wanted: str, frame: Shown, whole: Shown) -> Any:
    """A source's words hold ours; some tell what the reader should think of it instead."""
    ours = frame.get("diagnostic_name") or frame.get("meaning") or ""
    if not ours or "drop and re-associate" in wanted:
        return True, True
    return all(flat(part) in flat(wanted) for part in ours.split(", ")), True


def user_information(wanted: Shown, frame: Shown, whole: Shown) -> Any:
    inside = frame["user_information"]
    shown = {
        "tag": f"{inside['tag']} {inside['apdu']}",
        "sc": inside["security_control"],
        "ic": inside["invocation_counter"],
        "plaintext": inside["plaintext"],
        "dedicated_key": inside["content"]["dedicated_key"],
    }
    return shown, wanted


def outer_frame(wanted: Shown, frame: Shown, whole: Shown) -> Any:
    return {key: frame[FRAME.get(key, key)] for key in wanted}, wanted


def gbt(wanted: Shown, frame: Shown, whole: Shown) -> Any:
    names = {"control": "block_control", "block": "block_number", "len": "block_data_length"}
    return {key: frame[names[key]] for key in wanted}, wanted


def frame_addresses(wanted: Shown, frame: Shown, whole: Shown) -> Any:
    return {"client": frame["client"], "server_raw": frame["source_address"]}, wanted


def items(wanted: Any, frame: Shown, whole: Shown) -> Any:
    return [[each["class_id"], each["obis"], each["attribute"]] for each in frame["items"]], wanted


def rows(wanted: Any, frame: Shown, whole: Shown) -> Any:
    """A null clock stays null: only the profile's capture period says what it stands for."""
    times = [[None if "null" in clock else wall_clock(clock).isoformat(), number] for clock, number in wanted]
    return frame["data"], times


def kinds(wanted: Any, frame: Shown, whole: Shown) -> Any:
    heartbeat, answer = whole["frames"]
    return [heartbeat["kind"].upper(), f"GET-RESPONSE {answer['data']}"], wanted


def restricting(wanted: str, frame: Shown, whole: Shown) -> Any:
    each = frame["restricting_object"]
    return f"{each['quantity'].lower()} {each['obis']} attr {each['attribute']}", wanted


def data(wanted: str, frame: Shown, whole: Shown) -> Any:
    """Bytes as they are; of bit-strings and HLS answers the source tells the form."""
    if "bit-string" in wanted:
        return len(whole["values"][1]), int(wanted[len("bit-string(") : -1])
    if "GMAC" in wanted:
        return whole["values"][0][:4], "1000"
    return frame["data"], wanted


def floats(wanted: Any, frame: Shown, whole: Shown) -> Any:
    wanted = wanted if isinstance(wanted, list) else [wanted]
    shown = frame["read_as"]["float32"][: len(wanted)]
    return [close(x) for x in shown], [close(x) for x in wanted]


def close(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.6g}")


def token_name(wanted: str, frame: Shown, whole: Shown) -> Any:
    if "exception" in frame:
        return frame["exception"], wanted
    status = TokenStatus(whole["values"][0])
    return all(word in wanted for word in status.name.lower().split("_") if word != "received"), True


def type_of(wanted: Any, frame: Shown, whole: Shown) -> Any:
    if isinstance(wanted, int):
        return frame["data_type"], DataType(wanted).name.lower().replace("_", "-")
    return frame["type"], wanted


def length(wanted: int, frame: Shown, whole: Shown) -> Any:
    return frame["content_length"], wanted


def block(wanted: int, frame: Shown, whole: Shown) -> Any:
    return frame["block_number"], wanted


def counter(wanted: int, frame: Shown, whole: Shown) -> Any:
    return frame["invocation_counter"], wanted


def plaintext(wanted: str, frame: Shown, whole: Shown) -> Any:
    return frame["plaintext"], wanted


def digits(wanted: str, frame: Shown, whole: Shown) -> Any:
    """Only the last four are printed back."""
    return frame["token"][-4:], wanted.split()[0][-4:]


SAID: dict[str, Said] = {
    "frame": outer_frame,
    "type": type_of,
    "server": has("server"),
    "client": has("client"),
    "server_addr_bytes": lambda w, f, _: (len(f["destination_address"]) // 2, w),
    "frame_addr": frame_addresses,
    "nr": has("nr"),
    "ns": has("ns"),
    "segmented": has("segmented"),
    "info_len": has("information_length"),
    **{name: has(name) for name in ("max_info_tx", "max_info_rx", "window_tx", "window_rx")},
    "client_wport": has("source_wport"),
    "server_wport": has("destination_wport"),
    "apdu": lambda w, _, whole: (flat(whole["apdu"])[: len(flat(w))], flat(w)),
    "service": lambda w, _, whole: (flat(whole["apdu"]), flat(w)),
    "mechanism": has("mechanism"),
    "application_context": has("application_context"),
    "proposed_conformance": agreed("conformance"),
    "negotiated_conformance": agreed("conformance"),
    "conformance": agreed("conformance"),
    "max_pdu": agreed("pdu"),
    "vaa": lambda w, f, _: (initiate(f)["vaa_name"], w),
    "result": has("result"),
    "diagnostic": has("diagnostic"),
    "diagnostic_source": has("diagnostic_source"),
    "password_ascii": lambda w, f, _: (f["calling_authentication_value"], w.split()[0]),
    "ctos": has("calling_authentication_value"),
    "calling_ap_title": has("calling_ap_title"),
    "user_information": user_information,
    "reason": has("reason"),
    "meaning": meaning,
    "class": lambda w, f, whole: (whole.get("class_id", f.get("class")), w),
    "obis": lambda w, _, whole: (whole["obis"], w),
    "attr": lambda w, _, whole: (whole["attribute"], w),
    "method": lambda w, _, whole: (whole["method"], w),
    "param": lambda w, _, whole: (f"int8 {whole['values'][0]}", w),
    "value": value,
    "values": lambda w, _, whole: (whole["values"], w),
    "raw": lambda w, _, whole: (whole["values"], [w]),
    "ldn": of_values(str),
    "token": of_values(str),
    "clock": lambda w, _, whole: (
        wall_clock(w) in [wall_clock(v) for v in whole["values"] if "T" in str(v)],
        True,
    ),
    "datetime": lambda w, f, _: (f["date_time"] and wall_clock(f["date_time"]), w and wall_clock(w)),
    "time": lambda w, f, _: (wall_clock(f["date_time"]), wall_clock(w)),
    "utc": lambda w, _, whole: (moment(whole["values"][0]), moment(w)),
    "from": lambda w, f, _: (wall_clock(f["from_value"]), wall_clock(w)),
    "to": lambda w, f, _: (wall_clock(f["to_value"]), wall_clock(w)),
    "from_entry": has("from_entry"),
    "access_selector": has("access_selector"),
    "restricting": restricting,
    "columns": lambda w, f, _: (f["selected_values"], []),
    "items": items,
    "rows": rows,
    "scaler": lambda w, f, _: (f.get("objects", [f])[0]["scaler"], w),
    "unit": lambda w, f, _: (f.get("objects", [f])[0].get("unit", f.get("unit_id")), w),
    "unit_name": lambda w, f, _: (f.get("objects", [f])[0]["unit_name"], w),
    "data_access_result": has("data_access_result"),
    "data": data,
    "status": lambda w, _, whole: (whole["values"][0], w),
    "name": token_name,
    "block": block,
    "last_block": has("last_block"),
    "last": has("last_block"),
    "gbt": gbt,
    "reassembled_apdu": has("reassembled_apdu"),
    "state_error": has("state_error"),
    "service_error": has("service_error"),
    "invocation_counter": counter,
    "plaintext": plaintext,
    "tag": lambda w, f, _: (f["tag"].upper(), w),
    "length": length,
    "ic": counter,
    "sc": has("security_control"),
    "gmac": has("gmac"),
    "frames": lambda w, _, whole: (len(whole["frames"]), w),
    "kinds": kinds,
    "family": lambda w, _, whole: (whole["family"], w),
    "meter_id": lambda w, _, whole: (whole["meter"], w),
    "meter_id_bcd": lambda w, _, whole: (whole["meter"], w),
    "equipment_id": lambda w, _, whole: (whole["meter"], w),
    "kind": lambda w, f, _: (f["kind"].lower(), w.lower()),
    "reserve": has("reserve"),
    "signal": has("signal"),
    "sim_id": has("sim"),
    "end": lambda w, f, _: (f["checksum_ok"], True),
    "checksum_ok": has("checksum_ok"),
    "separator": has("separator"),
    "alarm_register_or_obis": has("alarm_register"),
    **{name: has(name) for name in ("c", "a", "ci", "stsap", "dtsap")},
    "baud": has("baud"),
    "format": has("format"),
    "ascii": lambda w, f, _: (f["text"] in w, True),
    "address": has("device_address"),
    "manufacturer": has("manufacturer"),
    "baud_char": has("baud_rate_character"),
    "id": has("identification"),
    "ack": lambda w, f, _: (f["kind"], "acknowledgement"),
    "v": lambda w, f, _: (f"{f['protocol_control']} ({f['protocol']})", w),
    "z": lambda w, f, _: (f"{f['baud_rate_character']} ({f['baud']})", w),
    "y": lambda w, f, _: (f"{f['mode_control']} ({f['mode']})", w),
    "digits": digits,
    "subclass": has("subclass"),
    "crc16_ok": has("crc16_ok"),
    "fc": has("function_code"),
    "start": lambda w, f, _: (f.get("starting_address", f.get("register_address")), w),
    "count": lambda w, f, _: (f.get("quantity_of_registers", f.get("to_entry")), w),
    "registers": lambda w, _, whole: (whole["registers"], w),
    "exception": has("exception_code"),
    "mei": has("mei_type"),
    "sub": has("sub_function"),
    "int64": lambda w, f, _: (f["read_as"]["int64"][0], w),
    "float32": floats,
    "floats": floats,
}


def decode(name: str) -> tuple[int, Shown]:
    """Exit code and output for a vector, with its keys and the frames that come before it."""
    vector = VECTORS[name]
    options: list[str] = []
    if keys := vector.get("keys"):
        options = ["--key", keys["ek"], "--auth-key", keys["ak"], "--system-title", keys["system_title"]]
    frames = [VECTORS[each]["hex"] for each in AFTER.get(name, [])]
    result = run("decode", "--json", *options, *frames, whole_frame(name))
    return result.exit_code, json.loads(result.stdout)


def whole_frame(name: str) -> str:
    """The frame; the payload of one with the header of its source in front."""
    vector = VECTORS[name]
    if name != "gcm-auth-enc-get-clock":
        found: str = vector["hex"]
        return found
    content = bytes.fromhex(vector["expect"]["sc"]) + vector["expect"]["ic"].to_bytes(4, "big")
    content += bytes.fromhex(vector["hex"])
    return (bytes((0xC8, len(content))) + content).hex()


class Vectors(SynchronousTestCase):
    def test_every_vector_says_what_its_source_says(self) -> None:
        compared = 0
        for name, vector in VECTORS.items():
            code, whole = decode(name)
            if name in REFUSED or name == "rtu-wrong-unit-reply":
                self.assertEqual(code, 1, name)
                self.assertIn(REFUSED.get(name, "unit 2"), whole["error"], name)
            else:
                self.assertEqual((code, whole.get("error")), (0, None), name)
            layer = "hdlc" if name == "hdlc-shared-flag" else LAYERS.get(vector["layer"], vector["layer"])
            self.assertEqual(whole["layer"], layer, name)
            for key, wanted in vector["expect"].items():
                if key in UNSAID or f"{name}.{key}" in UNSAID:
                    continue
                if key == "must" or (name in REFUSED and not whole["frames"]):
                    self.assertIn("error", whole, name)
                    continue
                if key == "class" and vector["layer"] == "sts" and name in REFUSED:
                    self.assertIn(f"class {wanted}", whole["error"])
                    continue
                shown, expected = SAID[key](wanted, whole["frames"][-1], whole)
                self.assertEqual(shown, expected, f"{name}: {key}")
                compared += 1
        self.assertEqual(len(VECTORS), 168)
        self.assertGreater(compared, 450)

    def test_what_is_excused_is_there(self) -> None:
        known = {key for vector in VECTORS.values() for key in vector["expect"]}
        known |= {f"{name}.{key}" for name, vector in VECTORS.items() for key in vector["expect"]}
        self.assertEqual(set(UNSAID) - known, set())
        self.assertEqual(set(REFUSED) - set(VECTORS), set())
