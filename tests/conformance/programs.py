"""LabelMe, labelImg, datumaro and Label Studio's converter, the programs themselves: each reads what `lakelens export` writes,
and lakelens imports what each writes. Of LabelMe only the part that reads and writes files is loaded, for its windows need Qt."""

import importlib.util
import json
import logging
import os
import sys
import types
import warnings
from pathlib import Path

from PIL import Image, ImageOps

import check
from check import PLAIN, ROOT, corners, export, make, same
from written import imported

warnings.filterwarnings("ignore")


def whole(truth):
    """The truth in whole pixels, which is what labelImg has."""
    return {name: (size, [corners(c, *(round(v) for v in (x, y, x + w, y + h))) for c, x, y, w, h in boxes])
            for name, (size, boxes) in truth.items()}


def corner_points(points):
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def labelme_files():
    """`labelme/_label_file.py` with the helpers it uses from `labelme.utils`, which would load Qt."""
    found = importlib.util.find_spec("labelme")
    base = Path(found.submodule_search_locations[0])
    package, utils, qt = types.ModuleType("labelme"), types.ModuleType("labelme.utils"), types.ModuleType("PyQt5")
    package.__path__, package.__version__, package.utils = [str(base)], importlib.metadata.version("labelme"), utils
    qt.QtGui = types.ModuleType("PyQt5.QtGui")
    utils.__path__ = [str(base / "utils")]
    sys.modules.update({"labelme": package, "labelme.utils": utils, "PyQt5": qt, "PyQt5.QtGui": qt.QtGui})
    images = importlib.import_module("labelme.utils.image")
    for name in ("apply_exif_orientation", "img_b64_to_arr", "img_data_to_pil"):
        setattr(utils, name, getattr(images, name))
    return importlib.import_module("labelme._label_file")


def labelme(truth):
    files, found = labelme_files(), {}
    files.logger.disable("labelme")
    dest = export("nested", "labelme", "--images", "copy")
    for file in sorted(p for p in dest.rglob("*.json") if p.name != "lakelens-export.json"):
        read = files.read_label_file(str(file))
        name = os.path.relpath(file.parent / read.image_path, dest)
        found[name] = [corners(s["label"], *corner_points(s["points"])) for s in read.shapes]
    same("labelme by labelme, folders", truth, found)
    theirs = ROOT / "labelme-theirs"
    for name, ((w, h), boxes) in truth.items():
        file = (theirs / name).with_suffix(".json")
        file.parent.mkdir(parents=True, exist_ok=True)
        shapes = [{"label": c, "points": [[x + bw, y], [x, y + bh]], "group_id": None, "description": "", "flags": {},
                   "shape_type": "rectangle", "mask": None} for c, x, y, bw, bh in boxes]
        data = None if len(boxes) % 2 else upright(ROOT / "nested" / name)
        files.write_label_file(str(file), shapes=shapes, image_path=os.path.basename(name), image_height=h, image_width=w,
                               image_data=data)
    imported("files of labelme", truth, theirs)


def upright(path):
    """The picture's bytes as LabelMe stores them: turned as EXIF says."""
    import io

    out = io.BytesIO()
    ImageOps.exif_transpose(Image.open(path)).save(out, "PNG")
    return out.getvalue()


def labelimg(truth):
    from libs.create_ml_io import CreateMLReader, CreateMLWriter
    from libs.pascal_voc_io import PascalVocReader, PascalVocWriter
    from libs.yolo_io import YoloReader, YOLOWriter

    class Picture:
        """What labelImg asks of Qt's image."""

        def __init__(self, size):
            self.size = size

        width = lambda self: self.size[0]
        height = lambda self: self.size[1]
        isGrayscale = lambda self: False

    pixels, read = whole(truth), lambda reader: [corners(s[0], *corner_points(s[1])) for s in reader.get_shapes()]
    at = lambda dest, folder, name, end: (dest / folder / name).with_suffix(end)
    dest = export("flat", "voc", "--images", "copy")
    found = {name: read(PascalVocReader(str(at(dest, "Annotations", name, ".xml")))) for name in truth}
    same("voc by labelImg", truth, found, 1.001)
    dest = export("flat", "createml")
    found = {name: read(CreateMLReader(str(dest / "annotations.json"), name)) for name in truth}
    same("createml by labelImg", truth, found)
    dest = export("flat", "yolo", "--images", "copy")
    names = str(dest / "classes.txt")
    found = {name: read(YoloReader(str(at(dest, "labels/train", name, ".txt")), Picture(truth[name][0]), names))
             for name in truth}
    same("yolo by labelImg", truth, found, 1.001)

    voc, yolo, createml = (ROOT / f"labelimg-{kind}" for kind in ("voc", "yolo", "createml"))
    for folder in (voc, yolo, createml):
        folder.mkdir()
    for name, ((w, h), boxes) in pixels.items():
        sides = [(x, y, x + bw, y + bh, c) for c, x, y, bw, bh in boxes]
        path = str(ROOT / "flat" / name)
        for kind, folder, end in ((PascalVocWriter, voc, ".xml"), (YOLOWriter, yolo, ".txt")):
            writer = kind("flat", name, [h, w, 3], local_img_path=path)
            for *side, label in sides:
                writer.add_bnd_box(*side, label, 0)
            target = str((folder / name).with_suffix(end))
            writer.save(target_file=target) if kind is PascalVocWriter else writer.save(list(PLAIN), target)
        shapes = [{"label": c, "points": [(x, y), (x1, y), (x1, y1), (x, y1)]} for x, y, x1, y1, c in sides]
        CreateMLWriter("flat", name, [h, w, 3], shapes, str(createml / "all.json"), local_img_path=path).write()
    imported("voc of labelImg", pixels, voc, base="flat")
    imported("yolo of labelImg", pixels, yolo, base="flat", tolerance=2e-6)
    imported("createml of labelImg", pixels, createml / "all.json", base="flat")


def datumaro(truth):
    import datumaro as dm

    logging.disable(logging.CRITICAL)

    def found(data):
        names = data.categories()[dm.AnnotationType.label]
        return {Path(item.id).name + ".jpg": [(names[a.label].name, a.x, a.y, a.w, a.h) for a in item.annotations
                                              if a.type == dm.AnnotationType.bbox] for item in data}

    for ours, theirs, tolerance in (("coco", "coco", 1e-2), ("voc", "voc", 1e-2), ("cvat", "cvat", 1e-2),
                                    ("datumaro", "datumaro", 1e-2), ("yolo", "yolo", 1e-2)):
        dest = export("flat", ours, "--images", "copy", dest=ROOT / f"datumaro-{ours}")
        same(f"{ours} by datumaro", truth, found(dm.Dataset.import_from(str(dest), theirs)), tolerance)
    items = []
    for name, (_, boxes) in truth.items():
        marks = [dm.Bbox(*box, label=PLAIN.index(c), id=number, group=number) for number, (c, *box) in enumerate(boxes, 1)]
        items.append(dm.DatasetItem(id=name[:-4], subset="train" if len(boxes) % 2 else "val", annotations=marks,
                                    media=dm.Image.from_file(path=str(ROOT / "flat" / name))))
    data = dm.Dataset.from_iterable(items, categories=PLAIN)
    for kind in ("coco", "voc", "cvat", "label_me", "datumaro", "yolo_ultralytics", "open_images"):
        dest = ROOT / f"theirs-{kind}"
        data.export(str(dest), kind, save_media=True)
        imported(f"{kind} of datumaro", truth, dest, "--match", "name", base="flat", tolerance=2e-4)


def label_studio(truth):
    from label_studio_sdk.converter.converter import Converter
    from label_studio_sdk.converter.imports.coco import convert_coco_to_ls

    logging.disable(logging.CRITICAL)
    shapes = "".join(f'<Label value="{name}"/>' for name in PLAIN)
    config = (f'<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">{shapes}'
              "</RectangleLabels></View>")
    ours = export("flat", "label-studio", dest=ROOT / "flat-ls.json")
    out = ROOT / "converted"
    converter = Converter(config, str(ROOT), download_resources=False)
    converter.convert_to_coco(str(ours), str(out), output_image_dir=str(ROOT / "flat"), is_dir=False)
    data = json.loads((out / "result.json").read_text())
    names = {c["id"]: c["name"] for c in data["categories"]}
    pictures = {i["id"]: i["file_name"].rsplit("__", 1)[1] for i in data["images"]}  # it puts a checksum before the name
    found = {name: [] for name in pictures.values()}
    for mark in data["annotations"]:
        found[pictures[mark["image_id"]]].append((names[mark["category_id"]], *mark["bbox"]))
    same("label studio by its converter", truth, found, 1e-3)
    coco = export("flat", "coco", dest=ROOT / "flat-coco.json")
    theirs = ROOT / "tasks.json"
    sys.stdout, kept = open(os.devnull, "w"), sys.stdout
    convert_coco_to_ls(input_file=str(coco), out_file=str(theirs), to_name="image", from_name="label",
                       out_type="annotations", image_root_url="/data/local-files/?d=flat")
    sys.stdout = kept
    imported("label studio of its converter", truth, theirs, "--match", "name", base="flat", tolerance=2e-6)


flat, nested = make("flat", PLAIN, False), make("nested", check.CLASSES, True)
for program, truth in ((labelme, nested), (labelimg, flat), (datumaro, flat), (label_studio, flat)):
    program(truth)
print(f"{check.checked} compared, {len(check.failed)} wrong")
sys.exit("\n".join(check.failed) if check.failed else 0)
