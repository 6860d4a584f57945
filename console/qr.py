"""A QR code as a picture that a page carries inside itself: no address of it is kept by anybody."""

from __future__ import annotations

import base64

import zxingcpp


def qr_picture(content: str) -> str:
    """Return a QR code as a data: address of an SVG, its quiet zone included."""
    svg = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode).to_svg(
        scale=4, add_quiet_zones=True
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
