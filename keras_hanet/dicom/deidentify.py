"""The patient taken out of what is written: the header of a source replaced before anything is derived from it.

After the Basic Application Level Confidentiality Profile (PS3.15 annex E), the other way round: not a list of what is
taken out, but of what stays. An object holds nothing of the source's header beyond what it is given here, so that an
attribute nobody thought of, a private one or a comment, cannot pass.
"""

import secrets

import numpy as np
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from keras_hanet.dicom.derived import code_item
from keras_hanet.dicom.unchecked import unchecked
from keras_hanet.errors import InputError

# Numbers, and words that the standard lists: nothing a person types.
_KEPT = (
    *("SOPClassUID", "Rows", "Columns", "NumberOfFrames", "FrameTime", "FrameTimeVector", "FrameIncrementPointer"),
    *("Laterality", "ImageLaterality"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod", "BurnedInAnnotation"),
)
_REPLACED_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
METHOD = ("keras-hanet: header replaced, dates removed", "pictures black outside the scan area")


class Deidentifier:
    """Replaces headers; one for all files of a call, so that what belonged together still does.

    A UID or a patient becomes the same pseudonym each time. It is drawn from the original and a secret that is
    forgotten with this object: nobody can get back, and the next call gives other ones.
    """

    def __init__(self):
        self._secret = secrets.token_hex(32)

    @unchecked()
    def replace_header(self, dataset):
        """The header that the objects of a source are written with.

        Args:
            dataset: pydicom Dataset of the source; not changed.

        Returns:
            Dataset to be given to the writers instead: size, frames and timing, pseudonyms for the patient and the
            UIDs, no date. A UID that the source lacks is left out.
        """
        replaced = Dataset()
        for name in _KEPT:
            if name in dataset:
                replaced[name] = dataset[name]
        for name in _REPLACED_UIDS:
            if dataset.get(name):
                setattr(replaced, name, generate_uid(entropy_srcs=[self._secret, str(dataset.get(name))]))
        patient = dataset.get("PatientID") or dataset.get("StudyInstanceUID")
        pseudonym = generate_uid(entropy_srcs=[self._secret, f"patient {patient}"]).rsplit(".", 1)[1][:12]
        replaced.PatientID, replaced.PatientName = pseudonym, f"Anonymous^{pseudonym}"
        replaced.PatientIdentityRemoved, replaced.DeidentificationMethod = "YES", list(METHOD)
        replaced.DeidentificationMethodCodeSequence = [code_item(codes.DCM.BasicApplicationConfidentialityProfile)]
        replaced.LongitudinalTemporalInformationModified = "REMOVED"
        return replaced


def blank_outside(image, area):
    """Black out what lies around the scan area, where scanners write the patient's name.

    What is written inside the area stays: look at the picture before you pass it on.

    Args:
        image: (H, W, 3) uint8; not changed.
        area: `ScanArea`, None where it is not known.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: if the area is not known.
    """
    if area is None:
        raise InputError(
            "expected an image whose scan area is known, to black out the writing around it, and its file does not "
            "give one; leave it out, or the de-identification"
        )
    blanked = np.zeros_like(image)
    blanked[area.slices] = image[area.slices]
    return blanked
