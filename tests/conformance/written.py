"""Files that other programs write, imported by lakelens; and outlines and masks, which go both ways."""

import json
import sys
from pathlib import Path

import numpy as np

import check
from check import CLASSES, ROOT, export, lakelens, make, same


def boxes_of(project):
    """What lakelens says is on each picture, in parts of it."""
    dest = ROOT / f"{project}-now.jsonl"
    lakelens("export", project, dest, "--format", "jsonl", "--force")
    lines = [json.loads(line) for line in dest.read_text().splitlines()]
    return {row["path"]: [(b["class"], b["x"], b["y"], b["w"], b["h"]) for b in row.get("boxes", [])] for row in lines}


def imported(what, truth, source, *args, base="nested", tolerance=2e-6):
    """Imports into a project of the same pictures and compares box for box."""
    project = what.replace(" ", "-")
    lakelens("project", "create", project, "--from", ROOT / base, "--recursive", "--task", "detection")
    lakelens("import", project, source, *args)
    same(f"import of {what}", truth, boxes_of(project), tolerance, relative=True)


def tables(truth):
    """Parquet by pyarrow, with types and compressions that ours does not use."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = [(name, label, x, y, x + w, y + h, size) for name, (size, boxes) in truth.items()
            for label, x, y, w, h in boxes or [(None, None, None, 0, 0)] if label is not None or not boxes
            for x, y in [(x or 0, y or 0)]]
    number = lambda at: pa.array([None if row[1] is None else float(row[at]) for row in flat], pa.float64())
    table = pa.table({
        "ymin": number(3), "xmin": number(2), "ymax": number(5), "xmax": number(4),
        "label": pa.array([row[1] for row in flat], pa.string()).dictionary_encode(),
        "file_name": pa.array([row[0] for row in flat], pa.large_string()),
        "image_width": pa.array([row[6][0] for row in flat], pa.int64()),
        "image_height": pa.array([row[6][1] for row in flat], pa.uint16()),
    })
    for compression in ("zstd", "gzip", "none"):
        file = ROOT / f"flat-{compression}.parquet"
        pq.write_table(table, file, compression=compression, row_group_size=7)
        imported(f"parquet {compression}", truth, file)
    rows = [{"image": {"bytes": b"\xff\xd8" + bytes(2000), "path": name}, "width": size[0], "height": size[1],
             "objects": [{"bbox": box, "category": CLASSES.index(label)} for label, *box in boxes]}
            for name, (size, boxes) in truth.items()]
    kind = pa.schema([
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), ("width", pa.int32()), ("height", pa.int32()),
        ("objects", pa.list_(pa.struct([("bbox", pa.list_(pa.float64(), 4)), ("category", pa.int64())]))),
    ])
    names = {"info": {"features": {"objects": [{"category": {"names": CLASSES, "_type": "ClassLabel"}}]}}}
    names["info"]["features"]["objects"] = names["info"]["features"]["objects"][0]
    file = ROOT / "train-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist(rows, kind.with_metadata({"huggingface": json.dumps(names)})), file)
    imported("hugging face parquet", truth, file)


def delta(truth):
    """Delta tables: ours by deltalake, theirs by us, and each appending to the other's."""
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake

    def found(table):
        out = {}
        for row in table.to_pyarrow_table().to_pylist():
            here = out.setdefault(row["filename"], [])
            assert (row["width"], row["height"]) == truth[row["filename"]][0]
            if row["label"] is not None:
                here.append((row["label"], *(row[k] for k in "xywh")))
        return out

    dest = export("nested", "delta")
    same("delta by deltalake", truth, found(DeltaTable(dest)))
    assert "nothing changes" in lakelens("export", "nested", dest, "--format", "delta")
    some = {name: here for name, here in truth.items() if name.startswith("a/")}
    lakelens("export", "nested", dest, "--format", "delta", "--force", "--filter", "a/")
    same("delta replaced, by deltalake", some, found(DeltaTable(dest)))
    same("delta before that, by deltalake", truth, found(DeltaTable(dest, version=0)))
    metrics = DeltaTable(dest).get_add_actions(flatten=True)
    assert sum(pa.table(metrics).column("num_records").to_pylist()) == len(DeltaTable(dest).to_pyarrow_table())

    kind = DeltaTable(dest).to_pyarrow_table().schema
    line = lambda name, size, mark: {
        "filename": name, "width": size[0], "height": size[1], **dict(zip(("label", "x", "y", "w", "h"), mark))}
    rows = [line(name, size, mark) for name, (size, boxes) in truth.items() for mark in boxes or [()]]
    table = pa.Table.from_pylist(rows, kind)
    theirs = ROOT / "theirs"
    for at in range(0, len(rows), 9):
        write_deltalake(theirs, table.slice(at, 9), mode="append")
    imported("delta by deltalake in parts", truth, theirs)
    write_deltalake(theirs, table.slice(0, 2), mode="append")
    DeltaTable(theirs).delete("label is not null")
    last = DeltaTable(theirs).version()
    imported("delta by deltalake at a version", truth, theirs, "--at", last - 2)
    nothing = {name: (size, []) for name, (size, _) in truth.items()}
    imported("delta by deltalake after a delete", nothing, theirs)
    lakelens("export", "nested", theirs, "--format", "delta", "--append")
    have = found(DeltaTable(theirs))
    same("delta appended to deltalake's, by deltalake", truth, have)
    write_deltalake(theirs, table, mode="overwrite")
    DeltaTable(theirs).optimize.compact()
    DeltaTable(theirs).create_checkpoint()
    imported("delta after compaction and checkpoint", truth, theirs)
    parts = ROOT / "parts"
    write_deltalake(parts, table, partition_by=["width"])
    imported("delta in partitions", truth, parts, "--format", "delta")


def records(truth):
    """TFRecord by the `tfrecord` package, whole and compressed."""
    import gzip

    from tfrecord.writer import TFRecordWriter

    file = ROOT / "foreign.tfrecord"
    writer = TFRecordWriter(str(file))
    for name, ((w, h), boxes) in truth.items():
        side = lambda make: ([make(*box) for _, *box in boxes], "float")
        writer.write({
            "image/filename": (name.encode(), "byte"), "image/encoded": (bytes(3000), "byte"),
            "image/width": (w, "int"), "image/height": (h, "int"),
            "image/object/class/text": ([label.encode() for label, *_ in boxes], "byte"),
            "image/object/bbox/xmin": side(lambda x, y, bw, bh: x / w),
            "image/object/bbox/ymin": side(lambda x, y, bw, bh: y / h),
            "image/object/bbox/xmax": side(lambda x, y, bw, bh: (x + bw) / w),
            "image/object/bbox/ymax": side(lambda x, y, bw, bh: (y + bh) / h),
        })
    writer.close()
    imported("tfrecord", truth, file)
    packed = ROOT / "foreign.tfrecord.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    imported("tfrecord gzip", truth, packed)


def others(truth):
    """What has no light reader: by the keys and rules of the format."""
    dest, found = export("nested", "hf-imagefolder", "--images", "copy"), {}
    for line in (dest / "metadata.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert (dest / row["file_name"]).is_file() and (row["width"], row["height"]) == truth[row["file_name"]][0]
        found[row["file_name"]] = [(c, *b) for c, b in zip(row["objects"]["categories"], row["objects"]["bbox"])]
    same("hf-imagefolder by json, folders", truth, found)
    found = {}
    data = json.loads((export("nested", "datumaro", dest=ROOT / "nested-datumaro.json")).read_text())
    names = [label["name"] for label in data["categories"]["label"]["labels"]]
    for item in data["items"]:
        name = item["image"]["path"]
        marks = [a for a in item["annotations"] if a["type"] == "bbox"]
        found[name] = [(names[a["label_id"]], *a["bbox"]) for a in marks]
    same("datumaro by json, folders", truth, found)
    found = {}
    for task in json.loads(export("nested", "label-studio", dest=ROOT / "nested-ls.json").read_text()):
        results = [r for a in task["annotations"] for r in a["result"] if r["type"] == "rectanglelabels"]
        values = [r["value"] for r in results]
        assert (task["data"]["width"], task["data"]["height"]) == truth[task["data"]["image"]][0]
        found[task["data"]["image"]] = [(v["rectanglelabels"][0], *(v[k] / 100 for k in ("x", "y", "width", "height"))) for v in values]
    same("label studio by json, folders", truth, found, 1e-6, relative=True)


def outlines():
    """Masks by pycocotools, in both forms, and polygons: imported, exported, and read back pixel for pixel."""
    from pycocotools import mask as masks
    from pycocotools.coco import COCO

    rng, (w, h) = np.random.default_rng(5), (83, 53)
    images, annotations, truth = [], [], {}
    for number in range(1, 9):
        images.append({"id": number, "file_name": f"m{number}.jpg", "width": w, "height": h})
        bits = np.zeros((h, w), np.uint8) if number == 8 else (rng.random((h, w)) < number / 9).astype(np.uint8)
        bits[number:number + 20, number:number + 30] = 1
        code = masks.encode(np.asfortranarray(bits))
        flat = bits.flatten(order="F")
        edges = np.flatnonzero(np.diff(flat)) + 1
        runs = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
        runs = [0] + runs if flat[0] else runs
        counts = code["counts"].decode() if number % 2 else runs
        annotations.append({"id": number, "image_id": number, "category_id": 1, "iscrowd": 1,
                            "segmentation": {"size": [h, w], "counts": counts}})
        truth[f"m{number}.jpg"] = bits
    ring = [10.5, 5.25, 60, 7, 44.125, 40, 12, 30.75]
    images.append({"id": 9, "file_name": "ring.jpg", "width": w, "height": h})
    annotations.append({"id": 9, "image_id": 9, "category_id": 1, "segmentation": [ring]})
    truth["ring.jpg"] = masks.decode(masks.merge(masks.frPyObjects([ring], h, w)))
    folder = ROOT / "masks"
    folder.mkdir()
    from PIL import Image

    for image in images:
        Image.new("RGB", (w, h)).save(folder / image["file_name"])
    file = ROOT / "masks.json"
    file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "leaf"}]}))
    lakelens("project", "create", "masks", "--from", folder, "--task", "segmentation")
    lakelens("import", "masks", file)
    sys.stdout, kept = open("/dev/null", "w"), sys.stdout
    data = COCO(str(export("masks", "coco", dest=ROOT / "masks-out.json")))
    sys.stdout = kept
    wrong = []
    for image in data.loadImgs(data.getImgIds()):
        found = [data.annToMask(a) for a in data.imgToAnns[image["id"]]]
        if len(found) != 1 or not np.array_equal(found[0], truth[image["file_name"]]):
            wrong.append(image["file_name"])
    check.checked += 1
    print("WRONG" if wrong else "ok  ", "masks and polygons by pycocotools, pixel for pixel")
    if wrong:
        check.failed.append(f"masks: {wrong}")
    found, told = {}, export("masks", "yolo-seg", "--images", "copy", "--filter", "ring")
    for label in Path(told).rglob("ring.txt"):
        found = [float(v) for v in label.read_text().split()[1:]]
    want = [v / side for v, side in zip(ring, [w, h] * 4)]
    check.checked += 1
    near = len(found) == len(want) and all(abs(a - b) < 1e-6 for a, b in zip(found, want))
    print("ok  " if near else "WRONG", "yolo-seg by the rules of Ultralytics")
    if not near:
        check.failed.append(f"yolo-seg: {found}, wanted {want}")


def key_points():
    """COCO's people with key points: pycocotools finds names, skeleton and every point in our export as it wrote them."""
    from PIL import Image
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rng, (w, h) = np.random.default_rng(11), (200, 160)
    names = [f"point {n}" for n in range(17)]
    category = {"id": 1, "name": "person", "supercategory": "animal", "keypoints": names,
                "skeleton": [[n, n + 1] for n in range(1, 17)]}
    images, annotations, folder = [], [], ROOT / "people"
    folder.mkdir()
    for number in range(1, 9):
        images.append({"id": number, "file_name": f"k{number}.jpg", "width": w, "height": h})
        Image.new("RGB", (w, h)).save(folder / f"k{number}.jpg")
        points = [[int(x), int(y), int(v)] if v else [0, 0, 0]
                  for x, y, v in zip(rng.integers(20, 180, 17), rng.integers(20, 140, 17), rng.integers(0, 3, 17))]
        points[0] = [20, 20 + number, 2]
        annotations.append({"id": number, "image_id": number, "category_id": 1, "bbox": [10, 10, 180, 140], "iscrowd": 0,
                            "area": 180 * 140, "segmentation": [], "keypoints": [v for point in points for v in point],
                            "num_keypoints": sum(point[2] > 0 for point in points)})
    file = ROOT / "people.json"
    file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [category]}))
    lakelens("project", "create", "people", "--from", folder, "--task", "detection")
    lakelens("import", "people", file)
    sys.stdout, kept = open("/dev/null", "w"), sys.stdout
    data = COCO(str(export("people", "coco", dest=ROOT / "people-out.json")))
    # Their own measure of poses, ours against theirs: all right only where each point is in its place.
    theirs = COCO(str(file))
    own = {image["file_name"]: image["id"] for image in images}
    at = {number: own[image["file_name"]] for number, image in data.imgs.items()}
    poses = [{"image_id": at[a["image_id"]], "category_id": 1, "keypoints": a["keypoints"], "score": 1.0}
             for a in data.loadAnns(data.getAnnIds())]
    measure = COCOeval(theirs, theirs.loadRes(poses), "keypoints")
    measure.evaluate()
    measure.accumulate()
    measure.summarize()
    sys.stdout = kept
    found, fields = data.loadCats(data.getCatIds()), ("name", "keypoints", "skeleton")
    wrong = [] if [{k: c.get(k) for k in fields} for c in found] == [{k: category[k] for k in fields}] else found
    pose = lambda a: (a["keypoints"], a["num_keypoints"], a["area"], a["bbox"])
    for one, other in zip(theirs.loadAnns(theirs.getAnnIds()), data.loadAnns(data.getAnnIds())):
        wrong += [] if pose(one)[:3] == pose(other)[:3] and np.allclose(one["bbox"], other["bbox"]) else [other]
    wrong += [] if abs(measure.stats[0] - 1) < 1e-9 else [f"average precision {measure.stats[0]}"]
    check.checked += 1
    print("WRONG" if wrong else "ok  ", "key points, their names and skeleton by pycocotools")
    if wrong:
        check.failed.append(f"key points: {wrong}")


if __name__ == "__main__":
    ROOT.mkdir(parents=True, exist_ok=True)
    truth = make("nested", CLASSES, True)
    tables(truth)
    delta(truth)
    records(truth)
    others(truth)
    outlines()
    key_points()
    print(f"{check.checked} compared, {len(check.failed)} wrong")
    sys.exit("\n".join(check.failed) if check.failed else 0)
