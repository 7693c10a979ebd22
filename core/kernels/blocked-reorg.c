/* blocked-reorg.c: pixels to channels and back, a table of places, on float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

typedef struct
{
  int *forward;  /* for each place of the output of one image the place of its input, -1 where it only fills */
  int *backward; /* the other way round; NULL where none is asked for */
} Places;

/* Where channel @c at pixel @p lies in one image. */
static int
place_of (const EspLayout *layout, int c, int p)
{
  return (c / layout->block * layout->shape.h * layout->shape.w + p) * layout->block + c % layout->block;
}

/* The place that number (c, y, x) of the output comes from; -1: from none. */
static int
source_of (const EspSpec *spec, int c, int y, int x)
{
  const EspShape in = spec->in[0].shape, out = spec->out.shape;
  int s = spec->geometry.stride, area = in.h * in.w, planes = in.c / (s * s), flat, k, o, wide;

  switch ((EspReorgWay) spec->geometry.way)
    {
    case ESP_REORG_DEEPER:
      o = c / in.c;
      return place_of (&spec->in[0], c % in.c, (y * s + o / s) * in.w + x * s + o % s);
    case ESP_REORG_WIDER:
      return place_of (&spec->in[0], c + planes * (y % s * s + x % s), y / s * in.w + x / s);
    case ESP_REORG_APART:
      return c / area < in.c ? place_of (&spec->in[0], c / area, c % area) : -1;
    case ESP_REORG_FLAT:
      break;
    }
  flat = (c * out.h + y) * out.w + x;
  k = flat / area;
  o = k / planes;
  wide = ((k % planes * in.h + flat % area / in.w) * s + o / s) * in.w * s + flat % in.w * s + o % s;
  return place_of (&spec->in[0], wide / area, wide % area);
}

static void
places_free (gpointer data)
{
  Places *places = data;

  g_free (places->forward);
  g_free (places->backward);
  g_free (places);
}

static int *
new_places (const EspLayout *layout)
{
  gsize n = esp_slab_size (layout) * (gsize) esp_count_blocks (layout);
  int *places = g_new (int, n);

  for (gsize i = 0; i < n; i++)
    places[i] = -1;
  return places;
}

static gboolean
reorg_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  const EspShape out = spec->out.shape;
  Places *places = g_new0 (Places, 1);

  kernel->compiled = places;
  kernel->packed = esp_slab_size (&spec->out) * (gsize) esp_count_blocks (&spec->out) * sizeof (int) * (spec->backward ? 2 : 1);
  places->forward = new_places (&spec->out);
  places->backward = spec->backward ? new_places (&spec->in[0]) : NULL;
  for (int c = 0; c < out.c; c++)
    for (int y = 0; y < out.h; y++)
      for (int x = 0; x < out.w; x++)
        {
          int to = place_of (&spec->out, c, y * out.w + x), from = source_of (spec, c, y, x);

          places->forward[to] = from;
          if (places->backward != NULL && from >= 0)
            places->backward[from] = to;
        }
  return TRUE;
}

static void
gather (const EspLayout *to, const EspLayout *from, const int *places, const float *in, float *out, gboolean add)
{
  gsize each = esp_slab_size (to), whole = esp_slab_size (from) * (gsize) esp_count_blocks (from);
  int slabs = esp_count_slabs (to), blocks = esp_count_blocks (to);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const int *place = places + (gsize) (s % blocks) * each;
      const float *image = in + (gsize) (s / blocks) * whole;
      float *target = out + (gsize) s * each;

      for (gsize i = 0; i < each; i++)
        target[i] = (add ? target[i] : 0.0f) + (place[i] >= 0 ? image[place[i]] : 0.0f);
    }
}

static gboolean
reorg_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;

  gather (&spec->out, &spec->in[0], ((Places *) call->kernel->compiled)->forward, call->in[0], call->out, FALSE);
  return TRUE;
}

static gboolean
reorg_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;

  gather (&spec->in[0], &spec->out, ((Places *) call->kernel->compiled)->backward, call->grad_out, call->grad_in, add);
  return TRUE;
}

const EspKernelRow esp_blocked_reorg
    = { .compile = reorg_compile, .release = places_free, .forward = reorg_forward, .backward = reorg_backward };
