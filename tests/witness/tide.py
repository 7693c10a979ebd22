"""tide.py: TIDE a second time, in float64, from its definition alone and not from the program's sources.

A scene is (truths, detections): truths are dicts with image, category, bbox [x, y, w, h], area, crowd, difficult; detections with image, category,
bbox, score, both in the order of their files. Slow and plain on purpose."""


def shared(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return w * h if w > 0 and h > 0 else 0.0


def iou(a, b, crowd=False):
    common = shared(a, b)
    whole = a[2] * a[3] if crowd else a[2] * a[3] + b[2] * b[3] - common
    return common / whole if common > 0 else 0.0


def pick(rows, **wanted):
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def by_score(rows):
    return sorted(rows, key=lambda row: -row["score"])  # stable


def curve(flags, positives):
    """Recall and precision after each of the ranked flags."""
    recall, precision, hits = [], [], 0
    for rank, hit in enumerate(flags, 1):
        hits += hit
        recall.append(hits / positives)
        precision.append(hits / rank)
    return recall, precision


def sampled(flags, positives, levels):
    """The mean of the monotone precision at the first rank whose recall is not below each level, 0 beyond the last."""
    recall, precision = curve(flags, positives)
    for i in range(len(precision) - 1, 0, -1):
        precision[i - 1] = max(precision[i - 1], precision[i])
    total = 0.0
    for level in levels:
        reached = [p for r, p in zip(recall, precision) if r >= level]
        total += reached[0] if reached else 0.0
    return total / len(levels)


TIDE_LEVELS = [i / 100 for i in range(101)]


def tide_image(truths, detections):
    """[(detection, kind, truth that a correction would reach or None)] and, for each truth, whether some detection has it."""
    truths_in = [t for t in truths if not t["crowd"] and not t.get("difficult")]
    regions = [t for t in truths if t["crowd"] or t.get("difficult")]
    kept = by_score(detections)[:100]
    used, kinds = [False] * len(truths_in), [None] * len(kept)
    for d, row in enumerate(kept):
        free = [(iou(row["bbox"], t["bbox"]), -k) for k, t in enumerate(truths_in) if t["category"] == row["category"] and not used[k]]
        value, k = max(free, default=(0, 0))
        if value >= 0.5:
            used[-k] = True
            kinds[d] = ("right", None)
    for d, row in enumerate(kept):
        if kinds[d] is None and any(r["category"] == row["category"] and iou(row["bbox"], r["bbox"], True) > 0.5 for r in regions):
            kinds[d] = ("nothing", None)
    for d, row in enumerate(kept):
        if kinds[d] is not None:
            continue
        same = [(iou(row["bbox"], t["bbox"]), -k) for k, t in enumerate(truths_in) if t["category"] == row["category"]]
        other = [(iou(row["bbox"], t["bbox"]), -k) for k, t in enumerate(truths_in) if t["category"] != row["category"]]
        taken = [pair[0] for pair in same if used[-pair[1]]]
        if same and 0.1 <= max(same)[0] <= 0.5:
            kinds[d] = ("loc", -max(same)[1])
        elif other and max(other)[0] >= 0.5:
            kinds[d] = ("cls", -max(other)[1])
        elif taken and max(taken) >= 0.5:
            kinds[d] = ("dupe", None)
        elif max(same + other, default=(0, 0))[0] <= 0.1:
            kinds[d] = ("bkg", None)
        else:
            kinds[d] = ("both", None)
    return [(row, kind, k) for row, (kind, k) in zip(kept, kinds)], truths_in, used


def tide_map(points, positives):
    """points: (score, category, hit); positives: count a category."""
    values = []
    for category in positives:
        mine = sorted((p for p in points if p[1] == category), key=lambda p: -p[0])
        if mine or positives[category] > 0:
            values.append(sampled([p[2] for p in mine], positives[category], TIDE_LEVELS) if positives[category] > 0 else 0.0)
    return sum(values) / len(values) if values else 0.0


def tide(truths, detections, images, categories):
    rows, positives, unfound, missed = [], dict.fromkeys(categories, 0), dict.fromkeys(categories, 0), dict.fromkeys(categories, 0)
    for image in images:
        here, truths_in, used = tide_image(pick(truths, image=image), pick(detections, image=image))
        reached = {}
        for d, (row, kind, k) in enumerate(here):
            if k is not None and not used[k]:
                reached.setdefault(k, d)  # the best score comes first
        for d, (row, kind, k) in enumerate(here):
            if kind != "nothing":
                corrected = truths_in[k]["category"] if k is not None and reached.get(k) == d else None
                rows.append((row["score"], row["category"], kind, corrected))
        for k, truth in enumerate(truths_in):
            positives[truth["category"]] += 1
            unfound[truth["category"]] += not used[k]
            missed[truth["category"]] += not used[k] and k not in reached

    def fixed(kind):
        points = []
        for score, category, what, corrected in rows:
            if what != kind:
                points.append((score, category, what == "right"))
            elif corrected is not None:
                points.append((score, corrected, True))
        return points

    plain = fixed("none of them")
    base = tide_map(plain, positives)
    result = {"ap": base, "counts": {"miss": sum(missed.values())}}
    for kind in ("cls", "loc", "both", "dupe", "bkg"):
        result[kind] = max(0.0, tide_map(fixed(kind), positives) - base)
        result["counts"][kind] = sum(row[2] == kind for row in rows)
    result["miss"] = max(0.0, tide_map(plain, {c: positives[c] - missed[c] for c in positives}) - base)
    result["false_pos"] = tide_map([(1.0 if hit else 0.0, category, hit) for _, category, hit in plain], positives) - base
    result["false_neg"] = tide_map(plain, {c: positives[c] - unfound[c] for c in positives}) - base
    return result
