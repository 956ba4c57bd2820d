"""What a meter says before anybody asked: bytes in, values out, no sockets and no clock.

=====================  ==========================================================
`sniff`                the first octets of an accepted connection, and what they mean
`separate`             heartbeats and pushes in the middle of a conversation
`event`                what these two tell
`recognise`            a listener's rules, and what a login says under them
`unit_reader`          where one thing ends and the next begins in the stream
`family_w` `family_h`  logins and heartbeats of two families of meters, and the answers
`ascii_registration`   the line of text a transparent modem puts in front
`dsmr4_alarm`          alarms outside of DLMS
`bare_apdu`            APDUs that lost their header
`identity`             what a claimed number is worth, and how it is compared
`explain` and others   what was said on a connection, in words, secrets hidden
`inverted`             answers for meters that act as the client: registration only
=====================  ==========================================================

It stands on `hesd.dlms` for frames and APDUs.
"""
