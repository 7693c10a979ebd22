/* window-lens.c: Enter on a channel of the strip: the lens in place of the picture, filled as its parts come */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdlib.h>

#include "image/crop.h"
#include "study/look.h"
#include "widgets/lens-page.h"
#include "widgets/metric-text.h"
#include "widgets/row-label.h"

#define MOST_LINES 8
#define MOST_SIDE  84 /* pixels of a patch */

struct _EspWindowLens
{
  EspLook *look;
  GtkStack *stack; /* the picture, or the lens */
  EspLensPage *page;
  GtkWidget *job_row;     /* (nullable) */
  GCancellable *cropping; /* (nullable) */
  gboolean shows_patches; /* of this look */
};

static void
line_clear (gpointer data)
{
  EspLine *line = data;

  g_free ((char *) line->title);
  g_free ((char *) line->aside);
  g_free ((char *) line->name);
}

static GArray *
lines_new (void)
{
  GArray *lines = g_array_new (FALSE, TRUE, sizeof (EspLine));

  g_array_set_clear_func (lines, line_clear);
  return lines;
}

/* @title: (transfer full). A name's minus is the keyboard's, as a screen reader says it. */
static void
lines_add (GArray *lines, char *title, const char *aside)
{
  EspLine line = { .title = title, .aside = esp_metric_pretty (aside), .name = g_strdup_printf ("%s, %s", title, aside) };

  g_array_append_val (lines, line);
}

static void
show_lines (EspWindow *self, EspLensPart part, GArray *lines)
{
  esp_lens_page_set_lines (self->lens->page, part, (const EspLine *) (gpointer) lines->data, lines->len);
}

/* Whether @part is there; says so, or why it will not be. What is cancelled is not waited for: the lane may be long about other work. */
static gboolean
note_state (EspWindow *self, EspLookPart part, EspLensPart at)
{
  const GError *error = esp_look_get_error (self->lens->look, part);
  const gboolean waits = !esp_look_has (self->lens->look, part);

  if (waits && esp_look_get_job (self->lens->look) != NULL)
    esp_lens_page_set_note (self->lens->page, at, _ ("being found out…"), FALSE);
  else if (waits || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    esp_lens_page_set_note (self->lens->page, at, _ ("cancelled; Enter on the channel begins again"), FALSE);
  else if (error != NULL)
    esp_lens_page_set_note (self->lens->page, at, error->message, TRUE);
  return esp_look_has (self->lens->look, part) && error == NULL;
}

typedef struct
{
  char *path;
  EspOrientation orientation;
  int width, height;
  EspBox box;
  guint patch;
} Crop;

static void
crop_free (gpointer data)
{
  g_free (((Crop *) data)->path);
  g_free (data);
}

static GdkTexture *
texture_of (EspImage *image)
{
  const int width = esp_image_get_width (image), height = esp_image_get_height (image);
  g_autoptr (GBytes) bytes = g_bytes_new (esp_image_get_rgb (image), (gsize) width * (gsize) height * 3);

  return gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, (gsize) width * 3);
}

static void
crop_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Crop *crop = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspImage) image = esp_image_load (crop->path, crop->orientation, crop->width, crop->height, &error);
  g_autoptr (EspImage) part = image != NULL ? esp_image_crop (image, crop->box, MOST_SIDE, TRUE) : NULL;

  if (part != NULL)
    g_task_return_pointer (task, texture_of (part), g_object_unref);
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: no memory for a patch of it", crop->path);
}

static void
cropped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EspWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = g_task_propagate_pointer (G_TASK (result), &error);
  const Crop *crop = g_task_get_task_data (G_TASK (result));

  if (texture != NULL && self->lens != NULL)
    esp_lens_page_set_patch (self->lens->page, crop->patch, texture);
  else if (error != NULL)
    g_debug ("no patch: %s", error->message);
}

static void
begin_crop (EspWindow *self, const EspPatch *patch, guint i)
{
  const EspSample *sample = esp_look_get_sample (self->lens->look, patch->image);
  g_autoptr (GTask) task = g_task_new (NULL, self->lens->cropping, cropped, g_object_ref (self));
  Crop *crop = g_new (Crop, 1);

  *crop = (Crop){ g_strdup (sample->path), esp_look_get_orientation (self->lens->look), sample->width, sample->height, patch->box, i };
  g_task_set_task_data (task, crop, crop_free);
  g_task_run_in_thread (task, crop_run);
}

static void
show_patches (EspWindow *self)
{
  guint n = 0;
  const EspPatch *patches = esp_look_get_patches (self->lens->look, &n);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (!note_state (self, ESP_LOOK_PATCHES, ESP_LENS_PATCHES))
    return;
  esp_lens_page_set_note (self->lens->page, ESP_LENS_PATCHES,
                          _ ("all that the strongest place on each image can see; Enter shows the image"), TRUE);
  if (self->lens->shows_patches)
    return;
  self->lens->shows_patches = TRUE;
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (names, g_strdup_printf (_ ("%s, activation %.3g"), esp_look_get_sample (self->lens->look, patches[i].image)->name,
                                             (double) patches[i].activation));
  esp_lens_page_set_patches (self->lens->page, (const char *const *) names->pdata, n);
  for (guint i = 0; i < n; i++)
    begin_crop (self, &patches[i], i);
}

static guint
n_classes_of (EspWindow *self)
{
  return (guint) MAX (esp_network_get_classes (esp_study_get_network (self->study)), 0);
}

typedef struct
{
  guint class_index;
  double value; /* sorted by, greatest first */
} Ranked;

static int
greatest_first (const void *a, const void *b)
{
  const double x = ((const Ranked *) a)->value, y = ((const Ranked *) b)->value;

  return (x < y) - (x > y);
}

static void
show_classes (EspWindow *self)
{
  const guint n_classes = n_classes_of (self);
  g_autofree Ranked *ranked = g_new (Ranked, n_classes + 1);
  g_autoptr (GArray) lines = lines_new ();
  guint n = 0;

  for (guint k = 0; k < n_classes; k++)
    if (esp_look_get_carried (self->lens->look, k).n_images > 0)
      ranked[n++] = (Ranked){ k, fabs (esp_look_get_carried (self->lens->look, k).share) };
  qsort (ranked, n, sizeof *ranked, greatest_first);
  for (guint i = 0; i < MIN (n, MOST_LINES); i++)
    {
      const EspCarried carried = esp_look_get_carried (self->lens->look, ranked[i].class_index);

      g_autofree char *aside
          = g_strdup_printf (_ ("%.0f %% of the channel, %.1f %% of the class"), 100 * carried.share, 100 * carried.of_class);

      lines_add (lines, esp_study_class_name (self->study, (int) ranked[i].class_index), aside);
    }
  show_lines (self, ESP_LENS_CLASSES, lines);
  if (note_state (self, ESP_LOOK_CARRIED, ESP_LENS_CLASSES))
    esp_lens_page_set_note (self->lens->page, ESP_LENS_CLASSES, n > 0 ? "" : _ ("no class is found on any image"), TRUE);
}

static void
show_boxes (EspWindow *self)
{
  guint n = 0;
  const EspLensBox *boxes = esp_look_get_boxes (self->lens->look, &n);
  g_autoptr (GArray) lines = lines_new ();

  for (guint i = 0; i < MIN (n, MOST_LINES); i++)
    {
      g_autofree char *name = esp_study_class_name (self->study, boxes[i].detection.class_index);
      g_autofree char *aside = g_strdup_printf (_ ("%.2f %% of the layer's part in it"), 100 * boxes[i].share);

      lines_add (lines, g_strdup_printf ("%s %.0f %%", name, 100 * (double) boxes[i].detection.score), aside);
    }
  show_lines (self, ESP_LENS_BOXES, lines);
  if (note_state (self, ESP_LOOK_CARRIED, ESP_LENS_BOXES))
    esp_lens_page_set_note (self->lens->page, ESP_LENS_BOXES, n > 0 ? "" : _ ("nothing is found in this image"), TRUE);
}

static void
show_kept (EspWindow *self)
{
  double ratio;
  gboolean supposed;
  const double kept = esp_look_get_kept (self->lens->look, &ratio, &supposed);
  g_autofree char *text = NULL;

  if (!note_state (self, ESP_LOOK_KEPT, ESP_LENS_KEPT))
    return;
  text = g_strdup_printf (supposed ? _ ("in %.0f %% of %d resamples of the images, were %.0f %% of every group cut")
                                   : _ ("in %.0f %% of %d resamples of the images, with %.0f %% of its group cut as planned"),
                          100 * kept, ESP_LOOK_RESAMPLES, 100 * ratio);
  esp_lens_page_set_note (self->lens->page, ESP_LENS_KEPT, text, TRUE);
}

static void
show_cost (EspWindow *self)
{
  const EspLensCost *cost = esp_look_get_cost (self->lens->look);
  g_autoptr (GArray) lines = lines_new ();
  g_autofree Ranked *ranked = cost != NULL ? g_new (Ranked, cost->n_classes + 1) : NULL;
  g_autofree char *text = NULL;
  g_autofree char *shown = NULL;
  guint n = 0;

  for (guint k = 0; cost != NULL && k < cost->n_classes; k++)
    if (cost->objects[k] > 0)
      ranked[n++] = (Ranked){ k, fabs (cost->per_class[k].value) };
  if (n > 0)
    qsort (ranked, n, sizeof *ranked, greatest_first);
  for (guint i = 0; i < MIN (n, MOST_LINES); i++)
    {
      const EspInterval *of = &cost->per_class[ranked[i].class_index];

      g_autofree char *aside
          = isnan (of->low) ? g_strdup_printf (_ ("AP %+.2f points"), 100 * of->value)
                            : g_strdup_printf (_ ("AP %+.2f points, 95 %% %+.2f … %+.2f"), 100 * of->value, 100 * of->low, 100 * of->high);

      lines_add (lines, esp_study_class_name (self->study, (int) ranked[i].class_index), aside);
    }
  show_lines (self, ESP_LENS_COST, lines);
  if (!note_state (self, ESP_LOOK_COST, ESP_LENS_COST) || cost == NULL)
    return;
  if (isnan (cost->map.low))
    text = g_strdup_printf (_ ("mAP %+.2f points, beside the plan as it was; an interval needs at least %d images, and there are %u"),
                            100 * cost->map.value, ESP_LENS_FEWEST, cost->map.n);
  else
    text = g_strdup_printf (_ ("mAP %+.2f points, 95 %% %+.2f … %+.2f, beside the plan as it was"), 100 * cost->map.value,
                            100 * cost->map.low, 100 * cost->map.high);
  shown = esp_metric_pretty (text);
  esp_lens_page_set_note (self->lens->page, ESP_LENS_COST, shown, TRUE);
}

static void look_changed (EspLook *look, gpointer data);

static gboolean
tell_cancelled (gpointer data)
{
  EspWindow *self = data;

  if (self->lens != NULL)
    look_changed (self->lens->look, self);
  return G_SOURCE_REMOVE;
}

/* Its row goes: not while it emits. */
static void
job_cancelled (EspWindow *self)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, tell_cancelled, g_object_ref (self), g_object_unref);
}

static void
show_job (EspWindow *self)
{
  EspJob *job = esp_look_get_job (self->lens->look);

  esp_lens_page_set_busy (self->lens->page, job != NULL);
  if (self->lens->job_row != NULL)
    esp_window_hide_job (self, self->lens->job_row);
  self->lens->job_row = job != NULL ? esp_window_show_job (self, job) : NULL;
  if (self->lens->job_row != NULL)
    g_signal_connect_swapped (self->lens->job_row, "cancelled", G_CALLBACK (job_cancelled), self);
}

static void
look_changed (EspLook *look, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *partners = esp_look_dup_partners (look);

  show_patches (self);
  show_classes (self);
  show_boxes (self);
  esp_lens_page_set_note (self->lens->page, ESP_LENS_PARTNERS, *partners != '\0' ? partners : _ ("nothing: it can go alone"), TRUE);
  show_kept (self);
  show_cost (self);
  show_job (self);
}

static gboolean
is_open (EspWindow *self)
{
  return gtk_stack_get_visible_child (self->lens->stack) == GTK_WIDGET (self->lens->page);
}

/* The channel's own map over the picture in view: asked for until it is there. */
static void
show_map (EspWindow *self)
{
  guint layer, channel;
  EspHeatmap *map;
  float low = 0, high = 1;

  if (!is_open (self) || !esp_look_is_at (self->lens->look, &layer, &channel))
    return;
  map = esp_study_get_channel_map (self->study, channel);
  if (map != NULL)
    esp_heatmap_range (map, &low, &high);
  esp_lens_page_set_map (self->lens->page, esp_study_get_image (self->study), map, low, high);
}

static void
row_changed (GObject *row, GParamSpec *pspec, gpointer data)
{
  show_map (data);
}

static void
follow_row (EspWindow *self, guint channel)
{
  GListModel *rows = esp_study_get_channels (self->study);
  g_autoptr (GObject) row = g_list_model_get_item (rows, channel);

  if (row != NULL && g_signal_handler_find (row, G_SIGNAL_MATCH_FUNC | G_SIGNAL_MATCH_DATA, 0, 0, NULL, row_changed, self) == 0)
    g_signal_connect_object (row, "notify::revision", G_CALLBACK (row_changed), self, 0);
}

static void
look_at (EspWindow *self, int layer, guint channel)
{
  g_cancellable_cancel (self->lens->cropping);
  g_clear_object (&self->lens->cropping);
  self->lens->cropping = g_cancellable_new ();
  self->lens->shows_patches = FALSE;
  esp_lens_page_set_patches (self->lens->page, NULL, 0);
  esp_look_at (self->lens->look, layer, channel);
}

/** esp_window_close_lens: the picture is in view again, the keyboard where the lens was opened from. Thread: main. */
void
esp_window_close_lens (EspWindow *self)
{
  const gboolean was = is_open (self);

  gtk_stack_set_visible_child_name (self->lens->stack, "picture");
  esp_lens_page_set_map (self->lens->page, NULL, NULL, 0, 1);
  look_at (self, -1, 0);
  if (was)
    esp_channel_strip_take_focus (self->channel_strip);
}

static void
channel_activated (EspChannelStrip *strip, guint channel, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *title = NULL;
  int layer;

  g_object_get (self->study, "layer", &layer, NULL);
  if (layer < 0 || esp_study_get_dataset (self->study) == NULL)
    return;
  title = g_strdup_printf (_ ("Layer %d, channel %u"), layer, channel);
  esp_lens_page_set_title (self->lens->page, title);
  gtk_stack_set_visible_child (self->lens->stack, GTK_WIDGET (self->lens->page));
  look_at (self, layer, channel);
  follow_row (self, channel);
  show_map (self);
  esp_lens_page_take_focus (self->lens->page);
}

static void
back_clicked (EspLensPage *page, gpointer data)
{
  esp_window_close_lens (data);
}

static void
patch_activated (EspLensPage *page, guint patch, gpointer data)
{
  EspWindow *self = data;
  guint n = 0;
  const EspPatch *patches = esp_look_get_patches (self->lens->look, &n);

  if (patch < n)
    esp_study_select_image (self->study, (int) patches[patch].image);
}

/* Boxes and map are of the picture in view; all else is kept, and the patches stay where they are, one of them under the hand that chose
 * the picture. */
static void
image_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  guint layer, channel;

  if (is_open (self) && esp_look_is_at (self->lens->look, &layer, &channel))
    esp_look_at (self->lens->look, (int) layer, channel);
}

static void
layer_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  esp_window_close_lens (data);
}

static void
plan_replaced (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;

  esp_window_close_lens (self);
  esp_look_forget (self->lens->look);
}

static void
view_changed (EspStudy *study, gpointer data)
{
  show_map (data);
}

/** esp_window_bind_lens: puts the lens beside the picture, above the strip. Thread: main. */
void
esp_window_bind_lens (EspWindow *window)
{
  EspWindowLens *lens = window->lens = g_new0 (EspWindowLens, 1);
  GtkWidget *picture = gtk_paned_get_start_child (window->strip_paned);

  lens->look = esp_look_new (window->study);
  lens->stack = GTK_STACK (gtk_stack_new ());
  gtk_stack_set_hhomogeneous (lens->stack, FALSE);
  lens->page = ESP_LENS_PAGE (esp_lens_page_new ());
  esp_accessible_name (esp_lens_page_get_canvas (lens->page), _ ("Channel on this image"));
  g_object_ref (picture);
  gtk_paned_set_start_child (window->strip_paned, NULL);
  gtk_stack_add_named (lens->stack, picture, "picture");
  gtk_stack_add_named (lens->stack, GTK_WIDGET (lens->page), "lens");
  gtk_paned_set_start_child (window->strip_paned, GTK_WIDGET (lens->stack));
  g_object_unref (picture);
  g_signal_connect (window->channel_strip, "channel-activated", G_CALLBACK (channel_activated), window);
  g_signal_connect (lens->page, "back", G_CALLBACK (back_clicked), window);
  g_signal_connect (lens->page, "patch-activated", G_CALLBACK (patch_activated), window);
  g_signal_connect_object (lens->look, "changed", G_CALLBACK (look_changed), window, 0);
  g_signal_connect_object (window->study, "notify::image", G_CALLBACK (image_changed), window, 0);
  g_signal_connect_object (window->study, "notify::layer", G_CALLBACK (layer_changed), window, 0);
  g_signal_connect_object (window->study, "notify::plan", G_CALLBACK (plan_replaced), window, 0);
  g_signal_connect_object (window->study, "view-changed", G_CALLBACK (view_changed), window, 0);
}

/** esp_window_end_lens: nothing is looked at any more. Thread: main. */
void
esp_window_end_lens (EspWindow *window)
{
  EspWindowLens *lens = g_steal_pointer (&window->lens);

  if (lens == NULL)
    return;
  g_cancellable_cancel (lens->cropping);
  g_clear_object (&lens->cropping);
  g_signal_handlers_disconnect_by_data (lens->look, window);
  g_signal_handlers_disconnect_by_data (window->study, window);
  g_object_unref (lens->look);
  g_free (lens);
}
