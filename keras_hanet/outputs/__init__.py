"""What is written of an analysis: tables, pictures, reports and DICOM objects, of stills and of films."""
