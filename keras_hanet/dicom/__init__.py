"""DICOM in and out: ultrasound images and films to frames; outlines to segmentations and reports."""
