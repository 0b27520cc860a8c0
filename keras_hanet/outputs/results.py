"""The folder of `hanet predict`: what is written of each file, a still or a film."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from keras_hanet.analysis.analysis import analyse, believe
from keras_hanet.drawing import draw_overlay, write_picture
from keras_hanet.inference import Predictor
from keras_hanet.outputs.masks import MaskSpool
from keras_hanet.video.smoothing import SMOOTHING_S


@dataclass(frozen=True)
class Results:
    """Outlines files and writes what is found.

    Attributes:
        folder: path of the results.
        predictor: `Predictor`.
        model: what reports call the model.
        reliability: `Reliability` of the model, None if it has none.
        with_reports: whether each file gets a one-page report, in HTML and PDF.
        smoothing_s: time constant of the smoothing of films, in seconds.
    """

    folder: Path
    predictor: Predictor
    model: str
    reliability: object = None
    with_reports: bool = False
    smoothing_s: float = SMOOTHING_S

    def write(self, place, source, tables):
        """Outline a file and write its mask, overlay, report and, of a DICOM file, the objects that refer to it.

        Args:
            place: path below the folder, without a suffix.
            source: what `open_source` gave.
            tables: `Tables`, get its rows.

        Returns:
            `Speed` of a film, None for a still.

        Raises:
            InputError: if it cannot be read.
        """
        if source.num_frames == 1 and source.kind != "video":
            return self._write_still(place, source, tables)
        return self._write_film(place, source, tables)

    def _write_still(self, place, source, tables):
        [frame] = source.frames()
        [analysis] = analyse(self.predictor, [frame], self.reliability)
        mask = analysis.prediction.mask
        write_picture(self._path("overlays", place, ".png"), draw_overlay(frame.image, mask))
        write_picture(self._path("masks", place, ".png"), mask * 255)
        self._write_rest(place, source, [mask], 0, analysis)
        tables.add(source.name, 0, analysis)

    def _write_film(self, place, source, tables):
        from keras_hanet.video.speed import Speed
        from keras_hanet.video.stream import outline_video

        speed, largest = Speed(), None
        overlay = self._path("overlays", place, ".mp4")
        overlay.parent.mkdir(parents=True, exist_ok=True)
        analyses = outline_video(self.predictor, source, self.smoothing_s, overlay, self.reliability, speed)
        with MaskSpool() as masks, closing(analyses):
            for number, analysis in enumerate(analyses):
                masks.append(analysis.prediction.mask)
                tables.add(source.name, number, analysis)
                if largest is None or _area(analysis) > _area(largest[1]):
                    largest = number, analysis
            frozen = believe(self.predictor, largest[1], self.reliability)
            self._write_rest(place, source, masks, largest[0], frozen)
        return speed

    def _write_rest(self, place, source, masks, number, analysis):
        """Report and DICOM objects: of a film on the frame with the largest lesion, which a person would freeze."""
        if source.kind == "dicom":
            from keras_hanet.outputs.dicom_objects import write_dicom_objects

            folder = self.folder / "dicom" / place
            write_dicom_objects(folder, source, masks, {number: analysis}, self.predictor.metadata)
        if self.with_reports:
            from keras_hanet.analysis.case_report import write_case_pdf, write_case_report

            for write, suffix in ((write_case_report, ".html"), (write_case_pdf, ".pdf")):
                write(self._path("reports", place, suffix), analysis, self.model)

    def _path(self, kind, place, suffix):
        return self.folder / kind / f"{place}{suffix}"


def _area(analysis):
    return analysis.lesions[0].area_px if analysis.lesions else 0
