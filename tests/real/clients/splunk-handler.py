#!/usr/bin/env python3
"""Logs each line of standard input through PyPI's splunk-handler: HOST PORT TOKEN SOURCE"""
import logging
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from splunk_handler import SplunkHandler  # noqa: E402, it stands in that folder

host, port, token, source = sys.argv[1:]
handler = SplunkHandler(
    host, int(port), token, "main", protocol="http", verify=False, source=source, hostname="here",
    flush_interval=0, retry_count=0, timeout=30,
)
logger = logging.getLogger("events")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
for line in sys.stdin:
    if line.strip():
        logger.info(line.strip())
