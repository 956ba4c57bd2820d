"""DLMS/COSEM without sockets, clocks or randomness: bytes in, values out, and back.

The files carry the names of the standards and stack like this:

====================  ===========================================================
`hdlc_frame`          one frame of IEC 62056-46, and the reader that finds frames
`hdlc_states`         the states of an HDLC link, as a table, and why it is so
`hdlc_link`           either end of such a link: windows, segments, parameters
`hdlc_push`           pushes that arrive without any link
`hdlc_stuffing`       the other transparency, of some customer ports
`wrapper`             the TCP wrapper of IEC 62056-47
`mode_e`              how an optical probe gets from 300 baud ASCII to HDLC
`axdr`, `data`        the data types of COSEM and their encoding (IEC 62056-6-2)
`cosem_time`          date-time, date and time with their unspecified fields
`get` `set` `action`  the services of IEC 62056-5-3 with logical names
`short_name`          Read and Write, for meters that have nothing else
`notification`        what a meter says unasked
`block_transfer`      an APDU too long for one message, bounded
`acse`, `initiate`    association requests and releases, and what they agree on
`security`            keys, tags, invocation counters (suites 0, 1 and 2)
`protection`          which APDUs of an association are ciphered how, and let in
`hls`                 proving that both ends know a secret
`signing`             keys that sign, by the curve of their suite; `signing_text` reads them
`security_names`      what registries say of a meter's security, as APDUs have it
`association_states`  the states of an association, as a table, and why it is so
`association_end`     what both ends of one do alike
`client_association`  the head end's side of it
`server_association`  the meter's side
`apdu`                any APDU by its tag
`transfer`            one service from request to result, over all its blocks
`get_sequence`        attributes one after the other, for meters that take no lists
`served_transfer`     the same from the meter's side; `served_read` with short names
`cosem_class`         attributes and methods by name, and what their values mean
`explain` and others  APDUs and frames in words, for whoever reads along
`sts_token`           prepayment tokens of IEC 62055-41, what can be told without keys
====================  ===========================================================

Each core runs as either end of the wire; two of them, mouth to ear, are the test
double, and the simulated meter is built on the same code as the head end.
"""
