"""Makes pictures and labels them through lakelens, exports them in every format, and compares what other programs read
in the exports with the truth, box for box, in pixels of the displayed picture."""

import csv
import gzip
import json
import os
import random
import struct
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import crc32c
import yaml
from PIL import Image, ImageOps

warnings.filterwarnings("ignore")
PROGRAM, ROOT = sys.argv[1], Path(sys.argv[2])
CLASSES = ["cat", 'dog, "large"', "日本 <é> & 'co'", "a:b|c"]
PLAIN = ["cat", "dog", "bird", "fish"]
checked, failed = 0, []


def lakelens(*args, text=None):
    home = ROOT / "home"
    env = dict(os.environ, HOME=str(home), XDG_CONFIG_HOME=str(home / "c"), XDG_DATA_HOME=str(home / "d"),
               XDG_STATE_HOME=str(home / "s"), XDG_CACHE_HOME=str(home / "k"))
    done = subprocess.run([PROGRAM, *map(str, args)], input=text, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"lakelens {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
    return done.stdout


def make(name, classes, nested):
    """Pictures of all EXIF orientations with boxes of whole and broken pixels, touching the edges, and negatives."""
    rng, folder, truth, lines = random.Random(7), ROOT / name, {}, []
    for number in range(1, 17):
        sub = ["", "a/", "a/b c/"][number % 3] if nested else ""
        path = f"{sub}{'same' if nested and number < 4 else f'p{number:02}'}.jpg"
        stored = (80 + number, 50 + number)
        picture, exif = Image.new("RGB", stored, (number * 9, 90, 200)), Image.Exif()
        exif[0x0112] = (number - 1) % 8 + 1
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        picture.save(folder / path, exif=exif)
        w, h = ImageOps.exif_transpose(Image.open(folder / path)).size
        boxes = [(classes[0], 0, 0, w, h)] if number == 1 else []
        for _ in range(0 if number % 5 == 0 else number % 4 + 1):
            x, y = round(rng.uniform(0, w - 12), rng.choice([0, 3])), round(rng.uniform(0, h - 12), rng.choice([0, 3]))
            boxes.append((rng.choice(classes), x, y, round(rng.uniform(4, w - x), 3), round(rng.uniform(4, h - y), 3)))
        truth[path] = ((w, h), boxes)
        parts = [{"class": c, "x": x / w, "y": y / h, "w": bw / w, "h": bh / h} for c, x, y, bw, bh in boxes]
        lines.append(json.dumps({"path": path, "boxes": parts} if boxes else {"path": path, "empty": True}))
    lakelens("project", "create", name, "--from", folder, "--recursive", "--task", "detection")
    lakelens("project", "classes", "add", name, *classes)
    lakelens("label", name, "--from", "-", text="\n".join(lines) + "\n")
    return truth


def same(what, truth, found, tolerance=1e-4, relative=False):
    """`found`: name -> [(class, x, y, w, h)]; with `relative`, as parts of the picture."""
    global checked
    wrong = sorted(set(truth) ^ set(found))
    for name, ((w, h), boxes) in truth.items():
        scale = (w, h, w, h) if relative else (1, 1, 1, 1)
        want = sorted((c, *(v / s for v, s in zip(b, scale))) for c, *b in boxes)
        have = sorted(found.get(name, []))
        near = len(want) == len(have) and all(
            a[0] == b[0] and all(abs(p - q) <= tolerance for p, q in zip(a[1:], b[1:])) for a, b in zip(want, have))
        if not near:
            wrong.append(f"{name}: wanted {want}, found {have}")
    checked += 1
    print(f"{'ok  ' if not wrong else 'WRONG'} {what}")
    if wrong:
        failed.append(f"{what}: {wrong[:3]}")


def export(project, kind, *args, dest=None):
    dest = dest or ROOT / f"{project}-{kind}"
    lakelens("export", project, dest, "--format", kind, *args)
    return dest


def corners(label, x0, y0, x1, y1):
    return (label, x0, y0, x1 - x0, y1 - y0)


def from_globox(annotations, names=None):
    found = {}
    for one in annotations:
        name = names(one.image_id) if names else one.image_id
        found[name] = [corners(b.label, b.xmin, b.ymin, b.xmax, b.ymax) for b in one.boxes]
    return found


def from_supervision(data):
    return {os.path.basename(path): [corners(data.classes[int(c)], *b.tolist())
                                     for b, c in zip(marks.xyxy, marks.class_id)] for path, _, marks in data}


def coco(truth, project):
    from globox import AnnotationSet
    from pycocotools.coco import COCO

    dest = export(project, "coco", "--images", "copy")
    file = dest / "annotations" / "instances_default.json"
    sys.stdout, kept = open(os.devnull, "w"), sys.stdout
    data = COCO(str(file))
    sys.stdout = kept
    names = {c["id"]: c["name"] for c in data.loadCats(data.getCatIds())}
    found = {i["file_name"]: [(names[a["category_id"]], *a["bbox"]) for a in data.imgToAnns[i["id"]]]
             for i in data.loadImgs(data.getImgIds())}
    same(f"coco by pycocotools, {project}", truth, found)
    same(f"coco by globox, {project}", truth, from_globox(AnnotationSet.from_coco(file)))
    for name in truth:
        assert (dest / "images" / name).read_bytes() == (ROOT / project / name).read_bytes(), name
    return dest


def flat(truth):
    import supervision as sv

    dest = coco(truth, "flat")
    read = sv.DetectionDataset.from_coco(str(dest / "images"), str(dest / "annotations" / "instances_default.json"))
    same("coco by supervision", truth, from_supervision(read), 1e-3)
    dest = export("flat", "yolo", "--images", "copy")
    read = sv.DetectionDataset.from_yolo(str(dest / "images/train"), str(dest / "labels/train"), str(dest / "data.yaml"))
    same("yolo by supervision", truth, from_supervision(read), 1e-3)
    dest = export("flat", "voc", "--images", "copy", "--voc-origin", "1")
    read = sv.DetectionDataset.from_pascal_voc(str(dest / "JPEGImages"), str(dest / "Annotations"))
    same("voc from 1 by supervision", truth, from_supervision(read), 1e-3)


def nested(truth):
    from globox import AnnotationSet

    coco(truth, "nested")
    dest = export("nested", "voc", "--images", "copy")
    found = {}
    for file in sorted((dest / "Annotations").rglob("*.xml")):
        one = AnnotationSet.from_pascal_voc(file.parent)
        name = ET.parse(file).findtext("filename")
        found[name] = next(f for f in from_globox([a for a in one if a.image_id == name]).values())
        size = ET.parse(file).find("size")
        assert (int(size.findtext("width")), int(size.findtext("height"))) == truth[name][0], name
    same("voc by globox, folders", truth, found)
    file = export("nested", "cvat", dest=ROOT / "nested.xml")
    same("cvat by globox, folders", truth, from_globox(AnnotationSet.from_cvat(file)))
    dest = export("nested", "labelme", "--images", "copy")
    found = {}
    for file in sorted(p for p in dest.rglob("*.json") if p.name != "lakelens-export.json"):
        read = json.loads(file.read_text())
        name = str(file.parent.relative_to(dest) / read["imagePath"])
        assert (read["imageWidth"], read["imageHeight"]) == truth[name][0], name
        found[name] = [corners(s["label"], *s["points"][0], *s["points"][1]) for s in read["shapes"]]
    same("labelme, folders", truth, found)
    yolo(truth)
    tfrecord(truth)
    rows(truth)
    lists(truth)
    parquet(truth)


def yolo(truth):
    """By the rules of Ultralytics: labels beside pictures, parts of the displayed picture, names from data.yaml."""
    dest = export("nested", "yolo", "--images", "copy", "--split", "random", "--seed", "3")
    told, found = yaml.safe_load((dest / "data.yaml").read_text()), {}
    assert "nc" not in told and {"train", "val", "names"} <= set(told)
    for image in (dest / "images").rglob("*.jpg"):
        label = Path("/labels/".join(str(image).rsplit("/images/", 1))).with_suffix(".txt")
        name = "/".join(image.relative_to(dest / "images").parts[1:])
        found[name] = []
        for line in label.read_text().splitlines():
            c, x, y, w, h = line.split()
            x, y, w, h = map(float, (x, y, w, h))
            found[name].append((told["names"][int(c)], x - w / 2, y - h / 2, w, h))
    same("yolo by the rules of Ultralytics, folders, split", truth, found, 1e-7, relative=True)


def tfrecord(truth):
    from tfrecord.reader import tfrecord_loader

    for flags in ([], ["--gzip", "--shards", "3"]):
        dest = export("nested", "tfrecord", "--images", "copy", *flags, dest=ROOT / f"nested-tfrecord{len(flags)}")
        found = {}
        for file in sorted(dest.glob("*.tfrecord*")):
            data = gzip.open(file).read() if file.suffix == ".gz" else file.read_bytes()
            at = 0
            while at < len(data):
                (length,) = struct.unpack_from("<Q", data, at)
                for start, size in ((at, 8), (at + 12, length)):
                    crc = crc32c.crc32c(data[start:start + size])
                    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
                    assert masked == struct.unpack_from("<I", data, start + size)[0], "checksum"
                at += length + 16
            kind = "gzip" if file.suffix == ".gz" else None
            for one in tfrecord_loader(str(file), None, None, compression_type=kind):
                text = lambda key: bytes(one[key]).decode()
                name = text("image/filename")
                assert bytes(one["image/encoded"]) == (ROOT / "nested" / name).read_bytes()
                assert (one["image/width"][0], one["image/height"][0]) == truth[name][0]
                side = lambda key: list(one.get(f"image/object/bbox/{key}", []))
                labels = [CLASSES[i - 1] for i in one.get("image/object/class/label", [])]
                found[name] = [corners(*b) for b in zip(labels, side("xmin"), side("ymin"), side("xmax"), side("ymax"))]
        same(f"tfrecord by tfrecord {flags}", truth, found, 1e-6, relative=True)


def parquet(truth):
    import pyarrow.parquet as pq

    found = {}
    for row in pq.read_table(export("nested", "parquet", dest=ROOT / "nested.parquet")).to_pylist():
        here = found.setdefault(row["filename"], [])
        assert (row["width"], row["height"]) == truth[row["filename"]][0]
        if row["label"] is not None:
            here.append((row["label"], *(row[k] for k in "xywh")))
    same("parquet by pyarrow", truth, found)
    dest, found = export("nested", "hf-parquet", "--images", "copy", "--split", "random"), {}
    for file in sorted((dest / "data").glob("*.parquet")):
        assert json.loads(pq.read_schema(file).metadata[b"huggingface"])["info"]["features"]["image"] == {"_type": "Image"}
        for row in pq.read_table(file).to_pylist():
            name = row["image"]["path"]
            assert row["image"]["bytes"] == (ROOT / "nested" / name).read_bytes()
            found[name] = [(c, *b) for c, b in zip(row["objects"]["categories"], row["objects"]["bbox"])]
    same("hf-parquet by pyarrow", truth, found)


def lists(truth):
    """Open Images by its columns, CreateML and VIA by their keys."""
    dest = export("nested", "open-images", "--images", "copy")
    found = {row["FileName"]: [] for row in csv.DictReader((dest / "images.csv").open(newline=""))}
    of = {name.rsplit(".", 1)[0]: name for name in found}
    for row in csv.DictReader((dest / "annotations-bbox.csv").open(newline="")):
        sides = (float(row[k]) for k in ("XMin", "YMin", "XMax", "YMax"))
        found[of[row["ImageID"]]].append(corners(row["LabelName"], *sides))
    same("open images by csv, folders", truth, found, 1e-8, relative=True)
    found = {}
    for one in json.loads((export("nested", "createml") / "annotations.json").read_text()):
        places = ((a["label"], a["coordinates"]) for a in one["annotations"])
        found[one["image"]] = [
            (c, p["x"] - p["width"] / 2, p["y"] - p["height"] / 2, p["width"], p["height"]) for c, p in places]
    same("createml by json, folders", truth, found)
    found = {}
    for one in json.loads((export("nested", "via") / "via_region_data.json").read_text()).values():
        regions = ((r["region_attributes"]["label"], r["shape_attributes"]) for r in one["regions"])
        found[one["filename"]] = [(c, *(p[k] for k in ("x", "y", "width", "height"))) for c, p in regions]
    same("via by json, folders", truth, found)


def rows(truth):
    file, found = export("nested", "csv-boxes", dest=ROOT / "nested.csv"), {}
    for row in csv.DictReader(file.open(newline="")):
        here = found.setdefault(row["filename"], [])
        if row["label"]:
            here.append((row["label"], *(float(row[k]) for k in "xywh")))
    same("csv-boxes by csv", truth, found)


if __name__ == "__main__":
    ROOT.mkdir(parents=True, exist_ok=True)
    flat(make("flat", PLAIN, False))
    nested(make("nested", CLASSES, True))
    print(f"{checked} compared, {len(failed)} wrong")
    sys.exit("\n".join(failed) if failed else 0)
