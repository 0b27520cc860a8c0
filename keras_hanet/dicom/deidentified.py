"""A source without the patient: its header replaced, its pictures black outside the scan area."""

from dataclasses import replace

from keras_hanet.dicom.deidentify import blank_outside
from keras_hanet.errors import InputError


class DeidentifiedSource:
    """Stands for a source, so that nothing made of it can hold what the source says of a person.

    Args:
        source: what `open_source` gave.
        name: what the files and tables call it from now on; file names often hold a patient's.
        deidentifier: `Deidentifier` of the call.
    """

    def __init__(self, source, name, deidentifier):
        self._source, self.name = source, name
        self.kind, self.num_frames = source.kind, source.num_frames
        if self.kind == "dicom":
            self.dataset = deidentifier.replace_header(source.dataset)

    def frames(self):
        """Yield each `Frame`, black outside its scan area.

        Raises:
            InputError: if the scan area is not known, and as the source.
        """
        for number, frame in enumerate(self._source.frames()):
            name = self.name if self.num_frames == 1 else f"{self.name}#{number}"
            try:
                image = blank_outside(frame.image, frame.area)
            except InputError as error:
                raise InputError(f"{self._source.name}: {error}") from None
            yield replace(frame, image=image, name=name)
