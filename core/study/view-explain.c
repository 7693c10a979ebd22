/* view-explain.c: the heatmap of the picture in view, and what it explains, in words */
#define G_LOG_DOMAIN "esp-view"
#include "config.h"

#include "study/view-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "explain/sentence.h"
#include "explain/target-mask.h"
#include "explain/way.h"

#define TAU .02f /* method 1's */

/* Cancelled by hand or failed once: only another wish begins anew. */
static gboolean
is_refused (Look *look)
{
  gboolean refused;

  pthread_mutex_lock (&look->view->lock);
  refused = look->view->refused == look->serial;
  pthread_mutex_unlock (&look->view->lock);
  return refused;
}

/* The class of the strongest box, over the whole picture; where none is strong every class. */
static EspTarget *
class_target (const EspView *view)
{
  g_autofree int *classes = g_new0 (int, MAX (view->material->n_classes, 1));

  for (guint i = 0; i < view->material->n_classes; i++)
    classes[i] = (int) i;
  if (view->strong_class >= 0)
    return esp_target_new_classes (&view->strong_class, 1, TAU);
  return esp_target_new_classes (classes, view->material->n_classes, TAU);
}

/* (transfer full): "spatial mask 18 cells, channel mask 36 channels, above 0.02" */
static char *
masks_text (guint cells, guint channels, double tau)
{
  g_autofree char *of_cells = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u cell", "%u cells", cells), cells);
  g_autofree char *of_channels = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u channel", "%u channels", channels), channels);
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  /* Translators: numbers of cells and of channels, and the threshold of both masks */
  return g_strdup_printf (_ ("spatial mask %s, channel mask %s, above %s"), of_cells, of_channels,
                          g_ascii_formatd (digits, sizeof digits, "%g", tau));
}

/** view_tell_masks: puts into words what method 1's two masks let pass of the picture that @engine has just seen. Thread: lane. */
gboolean
view_tell_masks (EspView *view, EspEngine *engine, GError **error)
{
  g_autoptr (EspTarget) target = class_target (view);
  g_autoptr (EspTargetMask) mask = esp_target_resolve (target, engine, 0, error);
  guint cells, channels;

  g_clear_pointer (&view->masks, g_free);
  g_clear_pointer (&view->cells, g_array_unref);
  if (mask == NULL)
    return FALSE;
  view->cells = esp_target_mask_get_cells (mask, view->placement);
  esp_target_mask_extent (mask, &cells, &channels);
  view->masks = masks_text (cells, channels, (double) TAU);
  return TRUE;
}

/* What was chosen; else the class, over the whole picture. */
static EspTarget *
choose_target (Look *look)
{
  return look->wish.target != NULL ? esp_target_ref (look->wish.target) : class_target (look->view);
}

/* For which layer a run must be: of most methods every layer can be read of any run, and the pixels where it was for them; those that keep
 * one layer keep the pixels, too. */
static int
run_layer (const EspViewWish *wish)
{
  if ((wish->method->gives & ESP_KEEPS_LAYER) != 0)
    return wish->layer;
  return wish->pixels ? ESP_PIXELS : ESP_EVERY_LAYER;
}

/* Boxes of one cell may have one mask, and are told apart all the same. */
static gboolean
is_target (const EspTarget *target, const EspTarget *other)
{
  const EspDetection *spot = esp_target_get_spot (target), *spot_of_other = esp_target_get_spot (other);

  if (!esp_hash_equal (esp_target_get_hash (target), esp_target_get_hash (other)) || (spot == NULL) != (spot_of_other == NULL))
    return FALSE;
  return spot == NULL || (spot->score == spot_of_other->score && memcmp (&spot->box, &spot_of_other->box, sizeof spot->box) == 0);
}

static gboolean
run_explainer (Look *look, EspTarget *target, GError **error)
{
  EspView *view = look->view;
  const EspExplainerOptions options = { .backend = view->material->options.backend, .bn = view->material->options.bn };

  const int layer = run_layer (&look->wish);

  if (view->target != NULL && view->method == look->wish.method && view->ran_layer == layer && is_target (view->target, target))
    return TRUE;
  g_clear_pointer (&view->target, esp_target_unref);
  view->heat_layer = VIEW_NO_HEAT;
  if (view->explainer == NULL)
    view->explainer = esp_explainer_new (view->material->network, view->material->weights, &options);
  if (view->method != look->wish.method)
    {
      view->method = NULL;
      if (!esp_explainer_set_method (view->explainer, look->wish.method, NULL, error))
        return FALSE;
      view->method = look->wish.method;
    }
  esp_explainer_set_placement (view->explainer, view->placement);
  if (!esp_explainer_run (view->explainer, view->input, target, layer, look->job, error))
    return FALSE;
  view->target = esp_target_ref (target);
  view->ran_layer = layer;
  return TRUE;
}

/* Where a class is explained, its two masks are told as what they are. */
static char *
tell (Look *look, const EspTarget *target, const EspHeatmap *heat)
{
  const EspView *view = look->view;
  const guint n_ones = esp_explainer_get_n_ones (view->explainer);
  const char *note = esp_explainer_get_note (view->explainer);
  g_autofree char *sentence = esp_explain_sentence (target, (const char *const *) view->material->names, heat, n_ones);
  const char *masks = look->wish.target == NULL && n_ones > 0 ? view->masks : NULL;

  return g_strconcat (sentence, masks != NULL ? "; " : "", masks != NULL ? masks : "", note != NULL ? "; " : "", note != NULL ? note : "",
                      NULL);
}

static void
set_none (Look *look, gboolean none)
{
  pthread_mutex_lock (&look->view->lock);
  if (view_begin_news (look, FALSE))
    look->view->news.none = none;
  pthread_mutex_unlock (&look->view->lock);
}

/* Takes @sentence. No failure, but nothing to be seen: it says why. */
static gboolean
show_none (Look *look, char *sentence)
{
  EspView *view = look->view;

  set_none (look, TRUE);
  HAND_OUT (look, FALSE, view->news.sentence, sentence, g_free);
  g_free (sentence);
  view->heat_layer = VIEW_NO_HEAT;
  return TRUE;
}

/* A box is wanted and none is chosen. */
static char *
ask_for_box (const Look *look)
{
  const EspAttribution *method = look->wish.method;

  return g_strdup_printf (_ ("%s explains one box: choose one, or draw one that was missed"), g_dgettext (GETTEXT_PACKAGE, method->title));
}

/** view_make_heat: the heatmap of the wish; any layer reads from the one run of a method. Thread: lane. Returns: FALSE with @error. */
gboolean
view_make_heat (Look *look, GError **error)
{
  EspView *view = look->view;
  const EspViewWish *wish = &look->wish;
  g_autoptr (EspTarget) target = choose_target (look);
  g_autoptr (EspHeatmap) heat = NULL, shown = NULL;
  g_autofree char *sentence = NULL, *off = NULL;
  const int layer = wish->pixels ? ESP_PIXELS : wish->layer;

  if (is_refused (look))
    return TRUE;
  if ((wish->method->gives & ESP_WANTS_BOX) != 0 && !esp_target_get_box (target, NULL))
    return show_none (look, ask_for_box (look));
  off = esp_explain_off_way (target, view->material->network, layer);
  if (off != NULL)
    return show_none (look, g_steal_pointer (&off));
  if (!run_explainer (look, target, error))
    return FALSE;
  if (view->heat_layer == layer)
    return TRUE;
  view->heat_layer = VIEW_NO_HEAT;
  heat = esp_explainer_heatmap (view->explainer, layer, -1, view->placement, error);
  if (heat == NULL)
    return FALSE;
  sentence = tell (look, target, heat);
  if (heat->target == NULL)
    heat->target = g_strdup (sentence);
  if (wish->target == NULL && view->cells != NULL)
    heat->cells = g_array_ref (view->cells);
  shown = esp_heatmap_ref (heat);
  set_none (look, FALSE);
  if (!HAND_OUT (look, FALSE, view->news.heat, heat, esp_heatmap_unref))
    return view_drop (error);
  HAND_OUT (look, FALSE, view->news.sentence, sentence, g_free);
  view->heat_layer = layer;
  if (wish->measured && esp_explainer_get_n_ones (view->explainer) > 0)
    view_post_badge (look, shown, target);
  return TRUE;
}
