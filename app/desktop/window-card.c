/* window-card.c: the card beside the box that is explained, and the box drawn where something was missed */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define MATCH_IOU .5F

/* Left top width height in pixels of the picture. */
static GdkRectangle
pixels_of (EspStudy *study, EspBox box)
{
  EspImage *image = esp_study_get_image (study);
  const double w = image != NULL ? esp_image_get_width (image) : 0, h = image != NULL ? esp_image_get_height (image) : 0;

  return (GdkRectangle){ (int) lround ((double) (box.x - box.w / 2) * w), (int) lround ((double) (box.y - box.h / 2) * h),
                         (int) lround ((double) box.w * w), (int) lround ((double) box.h * h) };
}

/* (transfer full): of all classes that the network tells apart; numbers where they have no names. */
static char **
class_names (EspStudy *study)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  EspNetwork *network = esp_study_get_network (study);
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);
  const int classes = n > 0 ? esp_network_get_layer (network, heads[0])->head.classes : 0;

  for (int i = 0; i < classes; i++)
    {
      g_autofree char *name = esp_study_class_name (study, i);

      g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

/* (transfer full) (nullable): where the drawn object was lost. */
static char *
tell_fate (EspStudy *study, const EspDetection *missed)
{
  EspRoads *roads = esp_study_get_roads (study);
  const EspTruth truth = { .box = missed->box, .class_index = missed->class_index };
  EspFate fate;

  if (roads == NULL)
    return NULL;
  esp_roads_judge (roads, &truth, 1, MATCH_IOU, &fate);
  return esp_fate_describe (roads, &fate, esp_study_get_names (study));
}

/* (transfer full): as suppression compares it, and the IoU where that is another number. */
static char *
overlap_text (const EspRoad *road)
{
  if (road->iou > road->overlap)
    return g_strdup_printf (_ ("%.2f (IoU %.2f)"), (double) road->overlap, (double) road->iou);
  return g_strdup_printf ("%.2f", (double) road->overlap);
}

/* (transfer full) (nullable): what the box had to do with others: its numbers are in the card's lines already. */
static char *
tell_road (EspStudy *study, int detection)
{
  EspRoads *roads = esp_study_get_roads (study);
  const int row = esp_study_find_road (study, detection);
  const EspRoad *road = row >= 0 ? esp_roads_get (roads, (guint) row) : NULL;
  g_autofree char *overlap = road != NULL ? overlap_text (road) : NULL;

  if (road == NULL)
    return NULL;
  if (road->n_suppressed > 0 && road->rival >= 0)
    return g_strdup_printf (ngettext ("%u weaker box went for it; it overlaps a better one by %s",
                                      "%u weaker boxes went for it; it overlaps a better one by %s", road->n_suppressed),
                            road->n_suppressed, overlap);
  if (road->n_suppressed > 0)
    return g_strdup_printf (ngettext ("%u weaker box went for it", "%u weaker boxes went for it", road->n_suppressed), road->n_suppressed);
  if (road->rival >= 0)
    return g_strdup_printf (_ ("no other box went for it; it overlaps a better one by %s"), overlap);
  return g_strdup (_ ("no other box went for it"));
}

static void
show_found (EspWindow *self, int detection, int part)
{
  guint n;
  const EspDetection *boxes = esp_study_get_boxes (self->study, &n), *of = &boxes[detection];
  g_autofree char *name = esp_study_class_name (self->study, of->class_index);
  g_autofree char *story = tell_road (self->study, detection);
  EspBoxCard *card = esp_image_view_get_card (self->image_view);

  esp_box_card_set_found (card, of, name, pixels_of (self->study, of->box), story);
  esp_box_card_set_part (card, part);
  esp_image_view_show_card (self->image_view, of->box);
}

static void
show_missed (EspWindow *self, const EspDetection *missed)
{
  g_auto (GStrv) names = class_names (self->study);
  g_autofree char *story = tell_fate (self->study, missed);

  esp_box_card_set_missed (esp_image_view_get_card (self->image_view), missed, (const char *const *) names,
                           pixels_of (self->study, missed->box), story);
  esp_image_view_show_card (self->image_view, missed->box);
}

/** esp_window_show_card: fills the card with the box that is chosen, found or missed, and hides it where the class is. Thread: main. */
void
esp_window_show_card (EspWindow *window)
{
  const EspDetection *missed = esp_study_get_missed (window->study);
  int detection, part;
  guint n = 0;

  g_object_get (window->study, "detection", &detection, "part", &part, NULL);
  esp_study_get_boxes (window->study, &n);
  esp_image_view_set_missed (window->image_view, missed != NULL ? &missed->box : NULL, missed != NULL ? missed->class_index : -1);
  if (missed != NULL)
    show_missed (window, missed);
  else if (detection >= 0 && (guint) detection < n)
    show_found (window, detection, part);
  else
    esp_image_view_hide_card (window->image_view);
}

static void
part_activated (EspBoxCard *card, int part, gpointer data)
{
  esp_study_select_part (ESP_WINDOW (data)->study, part);
}

static void
explain_missed (EspWindow *self, EspBox box, int class_index)
{
  g_autoptr (GError) error = NULL;

  if (!esp_study_explain_missed (self->study, box, class_index, &error))
    esp_window_show_error (self, _ ("This Box Cannot Be Explained"), error);
}

static void
class_picked (EspBoxCard *card, int class_index, gpointer data)
{
  EspWindow *self = data;
  const EspDetection *missed = esp_study_get_missed (self->study);

  if (missed != NULL && missed->class_index != class_index)
    explain_missed (self, missed->box, class_index);
}

/* Of which class it is nobody has said: what the network holds it for first. */
static void
box_drawn (EspImageView *view, const EspBox *box, gpointer data)
{
  EspWindow *self = data;

  if (esp_study_get_image (self->study) != NULL)
    explain_missed (self, *box, MAX (esp_study_guess_class (self->study, *box), 0));
}

/** esp_window_bind_card: ties the card and the drawn box to the study. Thread: main. */
void
esp_window_bind_card (EspWindow *window)
{
  EspBoxCard *card = esp_image_view_get_card (window->image_view);

  g_signal_connect (card, "part-activated", G_CALLBACK (part_activated), window);
  g_signal_connect (card, "class-picked", G_CALLBACK (class_picked), window);
  g_signal_connect (window->image_view, "box-drawn", G_CALLBACK (box_drawn), window);
}
