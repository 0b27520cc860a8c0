"""Draws small data sets in each layout, and finds the real ones."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_hanet.data.sample import Sample

HEIGHT, WIDTH = 12, 16


def real_data(name):
    """Folder of a released data set, below the one that HANET_DATA names."""
    folder = Path(os.environ.get("HANET_DATA", "")) / name
    if "HANET_DATA" not in os.environ or not folder.is_dir():
        pytest.skip(f"set HANET_DATA to a folder that holds {name}/ to run this test")
    return folder


def save(path, pixels, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(pixels, np.uint8))
    (image.convert(mode) if mode else image).save(path)


def draw_image(path, grey, mode="L"):
    save(path, np.full((HEIGHT, WIDTH), grey), mode)


def draw_mask(path, rows=slice(2, 6), mode="L"):
    """A mask that is 255 in columns 4..7 of `rows`."""
    mask = np.zeros((HEIGHT, WIDTH))
    mask[rows, 4:8] = 255
    save(path, mask, mode)


def draw_busi(folder, suffix=".png"):
    """Six images; the tables join benign 1, 2 and malignant 1, and benign 10 with malignant 2."""
    names = ["benign (1)", "benign (2)", "benign (10)", "malignant (1)", "malignant (2)", "normal (1)"]
    for number, name in enumerate(names):
        path = folder / name.split()[0] / name
        draw_image(path.with_name(name + suffix), 20 * number + 10, "RGB")
        mask_rows = slice(0) if name.startswith("normal") else slice(2, 6)
        draw_mask(path.with_name(name + "_mask" + suffix), mask_rows, "RGB" if "normal" in name else "L")
    draw_mask(folder / "benign" / ("benign (2)_mask_1" + suffix), slice(5, 9))
    (folder / "duplicates.csv").write_text(
        "group,kind,file,class,similarity\n"
        "1,near,benign (1).png,benign,0.99\n"
        "1,near,benign (2).png,benign,0.99\n"
        "2,exact,benign (10).png,benign,1.0\n"
        "2,exact,malignant (2).png,malignant,1.0\n"
        "3,near,benign (99).png,benign,0.9\n"
        "3,near,normal (1).png,normal,0.9\n"
    )
    (folder / "related.csv").write_text(
        "file_a,class_a,file_b,class_b,similarity\n"
        "benign (2).png,benign,malignant (1).png,malignant,0.3\n"
        "benign (98).png,benign,normal (1).png,normal,0.3\n"
    )
    return folder


def draw_busbra(folder):
    """Patient 1 left and right, patients 2 and 3 once; official folds 1, 1, 2, 3."""
    rows = ["ID,Case,Pathology,Device,kFold"]
    table = [("0001-l", 1, "malignant", 1), ("0001-r", 1, "malignant", 1)]
    table += [("0002-s", 2, "benign", 2), ("0003-s", 3, "benign", 3)]
    for number, (view, case, pathology, fold) in enumerate(table):
        draw_image(folder / "Images" / f"bus_{view}.png", 30 * number)
        draw_mask(folder / "Masks" / f"mask_{view}.png", mode="1")
        rows.append(f"bus_{view},{case},{pathology},GE Logiq 7 @10-14MHz,{fold}")
    (folder / "bus_data.csv").write_text("\n".join(rows) + "\n")
    return folder


def draw_breast(folder):
    """case001 benign with a further finding, case002 malignant with two tumours, case003 normal."""
    files = folder / "images_and_masks"
    for number, case in enumerate(["case001", "case002", "case003"]):
        draw_image(files / f"{case}.png", 30 * number + 50, "RGBA")
    for name in ("case001_tumor", "case001_other1", "case002_tumor1", "case002_tumor2", "case003_other1"):
        draw_mask(files / f"{name}.png")
    (folder / "clinical.csv").write_text(
        "CaseID;Image_filename;Mask_tumor_filename;Classification;Diagnosis\n"
        '1;case001.png;case001_tumor.png;benign;"cyst;\nsimple"\n'
        "2;case002.png;case002_tumor1.png&case002_tumor2.png;Malignant;cancer\n"
        "3;case003.png;;normal;\n"
    )
    return folder


def draw_bus_uclm(folder):
    """Patients ALWI (a benign and a normal image) and ANFO (a malignant one); coloured masks."""
    colours = {"ALWI_000": (0, 255, 0), "ALWI_001": (0, 0, 0), "ANFO_000": (255, 0, 0)}
    for number, (name, colour) in enumerate(colours.items()):
        draw_image(folder / "images" / f"{name}.png", 30 * number + 50)
        mask = np.zeros((HEIGHT, WIDTH, 3))
        mask[2:6, 4:8] = colour
        save(folder / "masks" / f"{name}.png", mask)
    (folder / "INFO.csv").write_text(
        "Image;Label;Doppler;Marks;Combined\n"
        "ALWI_000.png;Benign;No;No;No\nALWI_001.png;Normal;No;No;No\nANFO_000.png;Malignant;Yes;No;No\n"
    )
    return folder


def draw_udiat(folder):
    for number in (1, 2):
        draw_image(folder / "original" / f"{number:06d}.png", 40 * number)
        draw_mask(folder / "GT" / f"{number:06d}.png")
    (folder / "DatasetB.csv").write_text("Image,Type\n1,Benign\n2,Malignant\n")
    return folder


def draw_folder(folder):
    for number in (2, 10):
        draw_image(folder / "images" / f"scan{number}.bmp", 20 * number)
        draw_mask(folder / "masks" / f"scan{number}.png")
    return folder


def draw_samples(folder, num_groups=15, decode=True):
    """Two images a group; groups take turns benign, benign, malignant."""
    samples = []
    for number in range(2 * num_groups):
        group = number // 2
        path = folder / f"{number}.png"
        if decode:
            draw_image(path, number)
        diagnosis = "malignant" if group % 3 == 2 else "benign"
        samples.append(Sample(str(number), path, (), diagnosis, f"p{group}", f"g{group}", "drawn"))
    return samples


def ids(samples):
    return [sample.id for sample in samples]
