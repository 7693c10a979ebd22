/* suppress.c: non-maximum suppression per class */
#define G_LOG_DOMAIN "esp-detect"
#include "config.h"

#include "detect/suppress.h"

#include "kernels/clones.h"

#include <math.h>
#include <stdlib.h>

/* By candidate, the classes of one box from the highest down. */
static int
by_candidate (const void *a, const void *b)
{
  const EspDetection *x = a, *y = b;

  if (x->candidate != y->candidate)
    return x->candidate < y->candidate ? -1 : 1;
  return (x->class_index < y->class_index) - (x->class_index > y->class_index);
}

static int
by_class_and_score (const void *a, const void *b)
{
  const EspDetection *x = a, *y = b;

  if (x->class_index != y->class_index)
    return x->class_index < y->class_index ? -1 : 1;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

static int
by_score (const void *a, const void *b)
{
  const EspDetection *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  if (x->candidate != y->candidate)
    return x->candidate < y->candidate ? -1 : 1;
  return (x->class_index > y->class_index) - (x->class_index < y->class_index);
}

typedef struct
{
  guint first, n; /* the rows of one candidate */
} Candidate;

/* do_nms_sort sorts the boxes stably by every class in turn, so at the end the last class counts most, then the one before it, and so on;
 * a class that a box does not have counts 0. Rows of a candidate run from the highest class down. */
static int
by_last_class (gconstpointer a, gconstpointer b, gpointer data)
{
  const Candidate *x = a, *y = b;
  const EspDetection *rows = data;

  for (guint i = 0; i < MIN (x->n, y->n); i++)
    {
      const EspDetection *p = &rows[x->first + i], *q = &rows[y->first + i];

      if (p->class_index != q->class_index)
        return p->class_index > q->class_index ? -1 : 1;
      if (p->score != q->score)
        return p->score > q->score ? -1 : 1;
    }
  if (x->n != y->n)
    return x->n > y->n ? -1 : 1;
  return x->first < y->first ? -1 : 1;
}

/* Gives every row its box's place in darknet's array, the classes of a box ascending: the rows of the second box come after all of the
 * first. */
static void
set_places (EspDetection *rows, guint n)
{
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  guint place = 0;

  qsort (rows, n, sizeof *rows, by_candidate);
  for (guint i = 0, first = 0; i < n; i++)
    if (i + 1 == n || rows[i + 1].candidate != rows[i].candidate)
      {
        const Candidate one = { first, i + 1 - first };

        g_array_append_val (candidates, one);
        first = i + 1;
      }
  g_array_sort_with_data (candidates, by_last_class, rows);
  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate one = g_array_index (candidates, Candidate, i);

      for (guint k = one.n; k > 0; k--)
        rows[one.first + k - 1].place = place++;
    }
}

/* darknet's box_diou and box_diounms, in float but for the power. */
static float
centre_penalty (EspBox a, EspBox b, float power)
{
  const float width = fmaxf (a.x + a.w / 2, b.x + b.w / 2) - fminf (a.x - a.w / 2, b.x - b.w / 2);
  const float height = fmaxf (a.y + a.h / 2, b.y + b.h / 2) - fminf (a.y - a.h / 2, b.y - b.h / 2);
  const float diagonal = width * width + height * height;
  const float distance = (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);

  return diagonal != 0 ? (float) pow ((double) (distance / diagonal), (double) power) : 0;
}

/** esp_nms_overlap: Returns: what suppression compares with its threshold: IoU, of the other kinds less the distance. Thread: any. */
float
esp_nms_overlap (EspNms nms, EspBox a, EspBox b)
{
  const float iou = esp_box_iou (a, b);

  return nms.kind == ESP_NMS_DEFAULT ? iou : iou - centre_penalty (a, b, nms.kind == ESP_NMS_DIOU ? nms.beta : .6f);
}

/** esp_nms_covers: Returns: whether the weaker of two boxes of a class goes for the better one. Thread: any. */
gboolean
esp_nms_covers (EspNms nms, EspBox a, EspBox b)
{
  return esp_box_iou (a, b) > nms.threshold && esp_nms_overlap (nms, a, b) > nms.threshold;
}

/* Boxes side by side, for vectors. */
typedef struct
{
  float *left, *right, *top, *bottom, *area;
  int *covered; /* what mark_covered() leaves */
} Columns;

static float *
columns_fill (Columns *columns, const EspDetection *rows, guint n)
{
  float *room = g_new (float, 6 * (gsize) n);

  *columns = (Columns){ room, room + n, room + 2 * n, room + 3 * n, room + 4 * n, (int *) (gpointer) (room + 5 * n) };
  for (guint i = 0; i < n; i++)
    {
      const EspBox box = rows[i].box;

      columns->left[i] = box.x - box.w / 2;
      columns->right[i] = box.x + box.w / 2;
      columns->top[i] = box.y - box.h / 2;
      columns->bottom[i] = box.y + box.h / 2;
      columns->area[i] = box.w * box.h;
    }
  return room;
}

/* Of rows behind @i, whether esp_box_iou() with it is above @threshold: the same operations in the same order. */
ESP_CLONES static void
mark_covered (const Columns *columns, guint i, guint n, float threshold)
{
  const float *left = columns->left, *right = columns->right, *top = columns->top, *bottom = columns->bottom, *area = columns->area;
  const float own_left = left[i], own_right = right[i], own_top = top[i], own_bottom = bottom[i], own_area = area[i];
  int *covered = columns->covered;

#pragma omp simd
  for (guint j = i + 1; j < n; j++)
    {
      const float w = MIN (own_right, right[j]) - MAX (own_left, left[j]);
      const float h = MIN (own_bottom, bottom[j]) - MAX (own_top, top[j]);
      const float both = w < 0 || h < 0 ? 0 : w * h;
      const float either = own_area + area[j] - both;

      covered[j] = (both == 0 || either == 0 ? 0 : both / either) > threshold;
    }
}

/* Marks by a score of 0 what a better row of the same class covers. A network cut too far gives thousands of rows. */
static void
suppress_class (EspDetection *rows, guint n, EspNms nms)
{
  Columns columns;
  g_autofree float *room = columns_fill (&columns, rows, n);

  for (guint i = 0; i < n; i++)
    {
      if (!(rows[i].score > 0))
        continue;
      mark_covered (&columns, i, n, nms.threshold);
      for (guint j = i + 1; j < n; j++)
        if (columns.covered[j] && rows[j].score > 0 && (nms.kind == ESP_NMS_DEFAULT || esp_nms_covers (nms, rows[i].box, rows[j].box)))
          rows[j].score = 0;
    }
}

static void
drop_zeros (GArray *detections)
{
  guint kept = 0;

  for (guint i = 0; i < detections->len; i++)
    {
      const EspDetection detection = g_array_index (detections, EspDetection, i);

      if (detection.score > 0 && detection.objectness != 0)
        g_array_index (detections, EspDetection, kept++) = detection;
    }
  g_array_set_size (detections, kept);
}

/**
 * esp_nms_of_network:
 * @network: whose last head decides
 * @threshold: of suppression
 *
 * nms_kind=greedynms or diounms with beta_nms (0.6 where absent or not a number); anything else is the default, as AlexeyAB's parser has
 * it.
 * Thread: any.
 *
 * Returns: how its boxes are to be suppressed
 */
EspNms
esp_nms_of_network (const EspNetwork *network, float threshold)
{
  EspNms nms = { ESP_NMS_DEFAULT, threshold, .6f };
  guint n, section;
  const guint *heads = esp_network_get_heads (network, &n);
  const EspCfg *cfg = esp_network_get_cfg (network);
  const char *kind;
  double beta;

  if (n == 0 || esp_network_get_dialect (network) == ESP_DIALECT_PJREDDIE
      || esp_network_get_layer (network, heads[n - 1])->kind != ESP_LAYER_YOLO)
    return nms;
  section = esp_network_get_layer (network, heads[n - 1])->section;
  kind = esp_cfg_get (cfg, section, "nms_kind");
  if (g_strcmp0 (kind, "greedynms") == 0)
    nms.kind = ESP_NMS_GREEDY;
  else if (g_strcmp0 (kind, "diounms") == 0)
    nms.kind = ESP_NMS_DIOU;
  if (esp_cfg_get_double (cfg, section, "beta_nms", .6, &beta, NULL))
    nms.beta = (float) beta;
  return nms;
}

/**
 * esp_suppress_by:
 * @detections: (inout): of EspDetection, one row per box and class
 * @nms: of two boxes of a class that overlap strictly above its threshold, the one of lower score goes
 *
 * Boxes of objectness 0 are dropped first. Rows are left by score, descending, ties by candidate and class; each knows its place in the
 * order that darknet's own array has afterwards.
 * Cost: O(k²) in the rows of a class. Thread: any.
 * Source: do_nms_sort and diounms_sort of AlexeyAB's darknet; Zheng et al. 2020, Distance-IoU loss, arXiv:1911.08287.
 */
void
esp_suppress_by (GArray *detections, EspNms nms)
{
  EspDetection *rows;

  drop_zeros (detections);
  if (detections->len == 0)
    return;
  rows = &g_array_index (detections, EspDetection, 0);
  set_places (rows, detections->len);
  qsort (rows, detections->len, sizeof *rows, by_class_and_score);
  for (guint i = 0, first = 0; i < detections->len; i++)
    if (i + 1 == detections->len || rows[i + 1].class_index != rows[i].class_index)
      {
        suppress_class (rows + first, i + 1 - first, nms);
        first = i + 1;
      }
  drop_zeros (detections);
  if (detections->len > 0)
    qsort (rows, detections->len, sizeof *rows, by_score);
}

/** esp_suppress: esp_suppress_by() IoU alone. Thread: any. */
void
esp_suppress (GArray *detections, float threshold)
{
  esp_suppress_by (detections, (EspNms){ ESP_NMS_DEFAULT, threshold, 0 });
}
