/* box-overlap.c: how well one box lies on another, with the derivatives that train a head */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/box-overlap.h"

#include <math.h>
#include <string.h>

/* A length along one axis as a function of the first box's centre and size there. */
typedef struct
{
  double length, by_centre, by_size;
} Extent;

static const char *const names[ESP_N_OVERLAPS] = { "iou", "giou", "diou", "ciou" };

/** esp_overlap_name: Returns: "iou", "giou", "diou" or "ciou". Thread: any. */
const char *
esp_overlap_name (EspOverlapKind kind)
{
  g_return_val_if_fail (kind < ESP_N_OVERLAPS, NULL);
  return names[kind];
}

/** esp_overlap_parse: sets @kind to the one of that name. Returns: FALSE where there is none. Thread: any. */
gboolean
esp_overlap_parse (const char *name, EspOverlapKind *kind)
{
  for (guint i = 0; i < ESP_N_OVERLAPS; i++)
    if (strcmp (name, names[i]) == 0)
      {
        *kind = (EspOverlapKind) i;
        return TRUE;
      }
  return FALSE;
}

/* How much of the smaller of @a and @b moves with @a: half of it where they are equal, so that equal boxes have no slope. */
static double
share_below (double a, double b)
{
  return a < b ? 1 : a == b ? 0.5 : 0;
}

/* What both intervals share; by_* are 0 where that is nothing. */
static Extent
shared_extent (double x, double w, double other_x, double other_w)
{
  const double low = x - w / 2, high = x + w / 2, other_low = other_x - other_w / 2, other_high = other_x + other_w / 2;
  const double length = fmin (high, other_high) - fmax (low, other_low);
  const double by_high = share_below (high, other_high), by_low = share_below (other_low, low);

  if (length <= 0)
    return (Extent){ 0, 0, 0 };
  return (Extent){ length, by_high - by_low, (by_high + by_low) / 2 };
}

/* From the first to the last of both intervals. */
static Extent
whole_extent (double x, double w, double other_x, double other_w)
{
  const double low = x - w / 2, high = x + w / 2, other_low = other_x - other_w / 2, other_high = other_x + other_w / 2;
  const double by_high = share_below (other_high, high), by_low = share_below (low, other_low);

  return (Extent){ fmax (high, other_high) - fmin (low, other_low), by_high - by_low, (by_high + by_low) / 2 };
}

/* Less (C - U) / C; du: derivatives of the union. */
static void
take_emptiness (EspOverlap *overlap, Extent across, Extent down, double join, const double du[4])
{
  const double around = across.length * down.length, square = around * around;

  if (!(around > 0))
    return;
  overlap->value -= (around - join) / around;
  overlap->dx += (du[0] * around - join * across.by_centre * down.length) / square;
  overlap->dy += (du[1] * around - join * down.by_centre * across.length) / square;
  overlap->dw += (du[2] * around - join * across.by_size * down.length) / square;
  overlap->dh += (du[3] * around - join * down.by_size * across.length) / square;
}

/* Less d² / c². */
static void
take_distance (EspOverlap *overlap, Extent across, Extent down, EspExactBox box, EspExactBox truth)
{
  const double x = box.x - truth.x, y = box.y - truth.y;
  const double diagonal = across.length * across.length + down.length * down.length;
  const double part = (x * x + y * y) / diagonal;

  if (!(diagonal > 0))
    return;
  overlap->value -= part;
  overlap->dx -= 2 * (x - part * across.length * across.by_centre) / diagonal;
  overlap->dy -= 2 * (y - part * down.length * down.by_centre) / diagonal;
  overlap->dw += 2 * part * across.length * across.by_size / diagonal;
  overlap->dh += 2 * part * down.length * down.by_size / diagonal;
}

/* Less alpha v, v = 4 / π² (atan (w' / h') - atan (w / h))². The small number is darknet's: equal boxes have alpha 0, not 0 / 0. */
static void
take_shape (EspOverlap *overlap, EspExactBox box, EspExactBox truth, double alpha)
{
  const double angle = atan2 (truth.w, truth.h) - atan2 (box.w, box.h);
  const double shape = 4 / (G_PI * G_PI) * angle * angle;
  const double square = box.w * box.w + box.h * box.h, slope = 8 / (G_PI * G_PI) * angle;

  overlap->alpha = alpha < 0 ? shape / (1 - overlap->iou + shape + 0.000001) : alpha;
  overlap->value -= overlap->alpha * shape;
  if (!(square > 0))
    return;
  overlap->dw += overlap->alpha * slope * box.h / square;
  overlap->dh -= overlap->alpha * slope * box.w / square;
}

/**
 * esp_overlap_of:
 * @kind: which measure
 * @box: what a head says
 * @truth: what is true; same unit
 * @alpha: CIoU's factor where it is known, else %ESP_ALPHA_OF_BOXES: v / (1 - IoU + v + 1e-6)
 *
 * In double. The derivatives are exact with alpha held, as its paper has it; where an edge of one box lies on one of the other they are the
 * mean of both sides'. Boxes that share nothing have IoU 0 and no slope of it. Numbers that are not finite are for the caller to find.
 *
 * Thread: any. Source: Rezatofighi et al. 2019, arXiv:1902.09630 (GIoU); Zheng et al. 2020, arXiv:1911.08287 (DIoU, CIoU), without the
 * power 0.6 that AlexeyAB's darknet has in the value of its DIoU.
 * Returns: the value and its derivatives
 */
EspOverlap
esp_overlap_of (EspOverlapKind kind, EspExactBox box, EspExactBox truth, double alpha)
{
  const Extent across = shared_extent (box.x, box.w, truth.x, truth.w), down = shared_extent (box.y, box.h, truth.y, truth.h);
  const double both = across.length * down.length, join = box.w * box.h + truth.w * truth.h - both;
  const double by[4]
      = { across.by_centre * down.length, down.by_centre * across.length, across.by_size * down.length, down.by_size * across.length };
  const double area[4] = { 0, 0, box.h, box.w };
  const Extent wide = whole_extent (box.x, box.w, truth.x, truth.w), high = whole_extent (box.y, box.h, truth.y, truth.h);
  EspOverlap overlap = { 0 };
  double du[4], di[4];

  for (guint i = 0; i < 4; i++)
    {
      du[i] = area[i] - by[i];
      di[i] = both > 0 ? (by[i] * join - both * du[i]) / (join * join) : 0;
    }
  overlap.iou = overlap.value = both > 0 ? both / join : both;
  overlap.dx = di[0], overlap.dy = di[1], overlap.dw = di[2], overlap.dh = di[3];
  if (kind == ESP_OVERLAP_GIOU)
    take_emptiness (&overlap, wide, high, join, du);
  if (kind == ESP_OVERLAP_DIOU || kind == ESP_OVERLAP_CIOU)
    take_distance (&overlap, wide, high, box, truth);
  if (kind == ESP_OVERLAP_CIOU)
    take_shape (&overlap, box, truth, alpha);
  return overlap;
}

/** esp_overlap_iou: Returns: intersection over union of @box and @truth, 0 where they share nothing. In double. Thread: any. */
double
esp_overlap_iou (EspExactBox box, EspExactBox truth)
{
  const double across = fmin (box.x + box.w / 2, truth.x + truth.w / 2) - fmax (box.x - box.w / 2, truth.x - truth.w / 2);
  const double down = fmin (box.y + box.h / 2, truth.y + truth.h / 2) - fmax (box.y - box.h / 2, truth.y - truth.h / 2);
  const double both = across * down;

  return across > 0 && down > 0 ? both / (box.w * box.h + truth.w * truth.h - both) : 0;
}

/** esp_overlap_sizes: Returns: the value of @kind of a box of @w and @h and one of @truth's size about one centre. Thread: any. */
double
esp_overlap_sizes (EspOverlapKind kind, double w, double h, EspExactBox truth)
{
  const EspExactBox box = { 0, 0, w, h }, other = { 0, 0, truth.w, truth.h };

  return esp_overlap_of (kind, box, other, ESP_ALPHA_OF_BOXES).value;
}
