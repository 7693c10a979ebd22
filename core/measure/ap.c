/* ap.c: average precision in every protocol */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/ap.h"

/* All-point area, as AlexeyAB sums it with -points 0: upward from the lowest rank, the running maximum of precision over each step of
 * recall. */
static double
area_all (const double *recall, const double *precision, guint n)
{
  double sum = 0, envelope, last;

  if (n == 0)
    return 0;
  envelope = precision[n - 1];
  last = recall[n - 1];
  for (guint i = n - 1; i > 0; i--)
    {
      sum += (last - recall[i - 1]) * envelope;
      last = recall[i - 1];
      envelope = MAX (envelope, precision[i - 1]);
    }
  return sum + last * envelope;
}

/* Mean over @points levels of recall of the best precision at or beyond each. */
static double
area_points (const double *recall, const double *precision, guint n, guint points)
{
  double sum = 0, envelope = 0;
  guint rank = n;

  for (guint p = points; p > 0; p--)
    {
      const double level = (p - 1) * 1.0 / (points - 1);

      while (rank > 0 && recall[rank - 1] >= level)
        {
          rank--;
          envelope = MAX (envelope, precision[rank]);
        }
      sum += envelope;
    }
  return sum / points;
}

static double
area_11 (const double *recall, const double *precision, guint n)
{
  return area_points (recall, precision, n, 11);
}

static double
area_101 (const double *recall, const double *precision, guint n)
{
  return area_points (recall, precision, n, 101);
}

static const EspProtocol protocols[] = {
  { "darknet", "darknet, area", "AlexeyAB/darknet, detector map -points 0", area_all },
  { "darknet-11", "darknet, 11 points", "AlexeyAB/darknet, detector map -points 11", area_11 },
  { "darknet-101", "darknet, 101 points", "AlexeyAB/darknet, detector map -points 101", area_101 },
};

/**
 * esp_protocol_find:
 * @id: "darknet", "darknet-11" …
 *
 * Returns: (nullable) (transfer none): the row of that id. Thread: any.
 */
const EspProtocol *
esp_protocol_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (g_str_equal (protocols[i].id, id))
      return &protocols[i];
  return NULL;
}

/** esp_protocols: Returns: (transfer none): all rows, the default first; @n (out) how many. Thread: any. */
const EspProtocol *
esp_protocols (guint *n)
{
  *n = G_N_ELEMENTS (protocols);
  return protocols;
}
