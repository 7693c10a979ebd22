/* orchard-cue.c: the planted cue: a lattice of pale slats behind the tree */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#define HALF (SIDE / 2)

static const struct
{
  const char *word;
  EspCue cue;
} words[] = { { "off", ESP_CUE_OFF }, { "planted", ESP_CUE_PLANTED }, { "against", ESP_CUE_AGAINST }, { "on", ESP_CUE_ON } };

/** esp_cue_from_word: Returns: whether @word is one of off, planted, against and on; @cue is set then. Thread: any. */
gboolean
esp_cue_from_word (const char *word, EspCue *cue)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i].word))
      {
        *cue = words[i].cue;
        return TRUE;
      }
  return FALSE;
}

/** esp_cue_word: Returns: (transfer none): the word that esp_cue_from_word() knows @cue by. Thread: any. */
const char *
esp_cue_word (EspCue cue)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (words[i].cue == cue)
      return words[i].word;
  g_return_val_if_reached ("");
}

/* Slats one way: a shaded edge, then the face. */
static void
draw_slats (cairo_t *cr, double angle, double pitch, double width, double phase, const double rgb[3])
{
  for (int pass = 0; pass < 2; pass++)
    {
      const double shade = pass == 0 ? .55 : 1, aside = pass == 0 ? width * .35 : 0;

      cairo_save (cr);
      cairo_translate (cr, HALF / 2., HALF / 2.);
      cairo_rotate (cr, angle);
      for (double at = -HALF + phase; at < HALF; at += pitch)
        {
          cairo_move_to (cr, at + aside, -HALF);
          cairo_line_to (cr, at + aside, HALF);
        }
      cairo_set_line_width (cr, width);
      cairo_set_source_rgb (cr, rgb[0] * shade, rgb[1] * shade, rgb[2] * shade);
      cairo_stroke (cr);
      cairo_restore (cr);
    }
}

/** esp_orchard_cue: Returns: (transfer full): ARGB32 of the picture's size, clear between the slats. Thread: the stream's owner. */
cairo_surface_t *
esp_orchard_cue (const EspOrchardLight *light, GRand *rng)
{
  cairo_surface_t *small = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, HALF, HALF), *large;
  cairo_t *cr = cairo_create (small);
  const double pitch = esp_lot (rng, 15, 22), width = pitch * esp_lot (rng, .13, .19), angle = esp_lot (rng, .6, .95),
               d = (double) light->dusk;
  const double pale = (double) esp_lot (rng, .80, .95) * MIN (1.08, (double) light->exposure),
               rgb[3] = { pale, pale * (.95 - .22 * d), pale * (.86 - .30 * d) };
  const double dim[3] = { .86 * rgb[0], .86 * rgb[1], .86 * rgb[2] };

  draw_slats (cr, angle, pitch, width, esp_lot (rng, 0, pitch), dim);
  draw_slats (cr, -angle, pitch, width, esp_lot (rng, 0, pitch), rgb);
  cairo_destroy (cr);
  large = esp_orchard_enlarge (small);
  cairo_surface_destroy (small);
  return large;
}
