/* demo.c: every widget in one window over made-up data: a tool for looking at them while they are worked on; `demo [PHOTOGRAPH]` */
#define G_LOG_DOMAIN "esp-demo"
#include "config.h"

#include <adwaita.h>
#include <math.h>

#include "channel-strip.h"
#include "detection-list.h"
#include "explain/heatmap.h"
#include "group-list.h"
#include "image-list.h"
#include "image-view.h"
#include "metric-tile.h"
#include "prune/plan.h"
#include "study/study.h"
#include "trial-list.h"
#include "widgets.h"

static const char *const names[] = { "dog", "cat", "bicycle", NULL };
static EspImageView *view;
static EspMetricTile *map_tile, *size_tile;
static GListStore *channels;
static const char *photograph;

static EspImage *
make_image (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *rgb = NULL;
  EspImage *image = photograph != NULL ? esp_image_load (photograph, ESP_ORIENTATION_EXIF, 0, 0, &error) : NULL;

  if (error != NULL)
    g_printerr ("demo: %s\n", error->message);
  if (image != NULL)
    return image;
  rgb = g_malloc (640 * 480 * 3);
  for (int i = 0; i < 640 * 480; i++)
    {
      int x = i % 640, y = i / 640;

      rgb[3 * i] = (guint8) (90 + 60 * sin (x / 41.0) + (hypot (x - 200, y - 250) < 90 ? 70 : 0));
      rgb[3 * i + 1] = (guint8) (100 + 50 * sin (y / 33.0));
      rgb[3 * i + 2] = (guint8) (80 + 40 * sin ((x + y) / 57.0));
    }
  return esp_image_new_rgb (640, 480, rgb);
}

static EspHeatmap *
make_heat (double x0, double y0, double spread, gboolean is_signed)
{
  EspHeatmap *map = esp_heatmap_new (26, 26);

  for (int i = 0; i < 26 * 26; i++)
    {
      double x = (i % 26 + 0.5) / 26 - x0, y = (i / 26 + 0.5) / 26 - y0;

      map->values[i]
          = (float) (0.81 * exp (-(x * x + y * y) / spread) - (is_signed ? 0.3 * exp (-((x - 0.3) * (x - 0.3) + y * y) / spread) : 0));
    }
  map->is_signed = is_signed;
  map->placement = (EspPlacement){ 0, 0, 1, 1 };
  g_free (map->unit);
  map->unit = g_strdup ("gradient × activation, logits");
  return map;
}

static void
fill_view (void)
{
  const EspDetection found[] = {
    { .box = { 0.31F, 0.52F, 0.29F, 0.4F }, .class_index = 0, .score = 0.94F },
    { .box = { 0.7F, 0.45F, 0.25F, 0.5F }, .class_index = 1, .score = 0.71F },
    { .box = { 0.5F, 0.8F, 0.6F, 0.3F }, .class_index = 2, .score = 0.42F },
  };
  const EspTruth truths[] = { { 0, { 0.32F, 0.5F, 0.3F, 0.42F }, FALSE }, { 1, { 0.69F, 0.46F, 0.24F, 0.5F }, FALSE } };
  g_autoptr (EspImage) image = make_image ();
  g_autoptr (EspHeatmap) heat = make_heat (0.31, 0.52, 0.03, FALSE);

  esp_image_view_set_names (view, names);
  esp_image_view_set_image (view, image);
  esp_image_view_set_boxes (view, ESP_PANE_ORIGINAL, found, 3);
  esp_image_view_set_boxes (view, ESP_PANE_PRUNED, found, 2);
  esp_image_view_set_truths (view, truths, 2);
  esp_image_view_set_selected (view, 0);
  esp_image_view_set_heatmap (view, heat, NAN, NAN);
  esp_image_view_set_sentence (view, "Why dog 0.94 here, by gradient × activation at layer 120; energy in the box 0.71 (chance 0.18).");
}

static GListStore *
make_images (void)
{
  GListStore *store = g_list_store_new (ESP_TYPE_IMAGE_ROW);

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_IMAGE_ROW, NULL);
      g_autofree char *name = g_strdup_printf ("%012u", i * 139);

      g_object_set (row, "index", i, "name", name, "path", name, "truths", 3, "detections", (int) (i * 7 % 6), "missed", (int) (i % 3),
                    NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static GListStore *
make_detections (void)
{
  GListStore *store = g_list_store_new (ESP_TYPE_DETECTION_ROW);

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_DETECTION_ROW, NULL);

      g_object_set (row, "index", i, "class-name", names[i], "score", 0.94 - 0.25 * i, "x", 120, "y", 30, "width", 180, "height", 220,
                    "correct",
                    i == 0   ? 1
                    : i == 1 ? 0
                             : -1,
                    NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static GListStore *
make_channels (guint n)
{
  GListStore *store = g_list_store_new (ESP_TYPE_CHANNEL_ROW);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_CHANNEL_ROW, NULL);
      double score = fabs (sin (i * 12.9898) * 0.3);

      g_object_set (row, "layer", 57, "channel", i, "score", score, "kept", score > 0.09, "rule",
                    i == 17 ? ESP_CHANNEL_PROTECTED : ESP_CHANNEL_BY_RANK, "unit", i / 2, "reason",
                    "Goes with a channel of layer 60: they are added by the shortcut at layer 61.", NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static void
on_map_needed (EspChannelStrip *strip, guint channel, gpointer data)
{
  g_autoptr (EspHeatmap) map
      = make_heat (0.5 + 0.4 * sin (channel), 0.5 + 0.4 * cos (channel * 1.7), 0.01 + 0.02 * (channel % 5), channel % 7 == 0);

  esp_channel_strip_set_map (strip, channel, map);
}

static void
on_rule_requested (EspChannelStrip *strip, GArray *chosen, int rule, gpointer data)
{
  for (guint i = 0; i < chosen->len; i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (channels), g_array_index (chosen, guint, i));

      g_object_set (row, "rule", rule, "kept", rule != ESP_CHANNEL_CUT, NULL);
    }
}

static void
ranking_free (gpointer data)
{
  EspRanking *ranking = data;

  g_free (ranking->values);
  g_free (ranking);
}

static double ratios[4] = { 0.4, 0.21, 0, 0.1 };
static const guint totals[4] = { 360, 240, 96, 128 };

static GPtrArray *
make_ranking (guint group, gpointer data)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (ranking_free);

  for (guint layer = 0; layer < 1 + group % 2; layer++)
    {
      EspRanking *ranking = g_new0 (EspRanking, 1);

      ranking->n = totals[group] / (1 + group % 2);
      ranking->n_cut = (guint) (ratios[group] * ranking->n);
      ranking->values = g_new (double, ranking->n);
      for (guint i = 0; i < ranking->n; i++)
        ranking->values[i] = pow ((double) (i + 1) / ranking->n, 3 + layer) * 0.3;
      g_ptr_array_add (all, ranking);
    }
  return all;
}

static void
on_ratio (GObject *row, GParamSpec *pspec, gpointer data)
{
  EspMapNumber number = { .labelled = TRUE,
                          .map = 0.403,
                          .baseline = 0.403,
                          .has_plan = TRUE,
                          .n = 24,
                          .total = 128,
                          .state = ESP_STATE_PARTIAL,
                          .has_interval = TRUE,
                          .interval = { .low = -0.04, .high = -0.006 } };
  double ratio = 0;
  guint index = 0;

  g_object_get (row, "ratio", &ratio, "index", &index, NULL);
  ratios[index] = ratio;
  g_object_set (row, "kept", (guint) round ((1 - ratio) * totals[index]), NULL);
  number.map -= 0.1 * ratio * ratio;
  esp_metric_tile_set_map (map_tile, &number);
  esp_metric_tile_set_size (size_tile, (guint64) (3667000 * (1 - ratio * 0.8)), 3667000);
}

static GListStore *
make_groups (void)
{
  static const char *const titles[] = { "40×40 backbone", "20×20 backbone", "head 1", "head 2" };
  GListStore *store = g_list_store_new (ESP_TYPE_GROUP_ROW);

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_GROUP_ROW, NULL);

      g_object_set (row, "index", i, "name", titles[i], "ratio", ratios[i], "kept", (guint) ((1 - ratios[i]) * totals[i]), "total",
                    totals[i], "layers", "12, 15, 18, 21, 24, 27, 30, 33", "note",
                    i == 1 ? "Layer 57 has reached the floor of 8 channels." : "", NULL);
      g_signal_connect (row, "notify::ratio", G_CALLBACK (on_ratio), NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static GListStore *
make_trials (void)
{
  GListStore *store = g_list_store_new (ESP_TYPE_TRIAL_ROW);

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_TRIAL_ROW, NULL);

      g_object_set (row, "title", "20×20 backbone to 40 %", "map", 0.381 + 0.01 * i, "difference", -0.022 + 0.01 * i, "low", -0.04, "high",
                    -0.006, "bytes", (guint64) 2310000, "bflops", 0.48, NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static GtkWidget *
make_tiles (void)
{
  const EspMapNumber number = { .labelled = TRUE,
                                .map = 0.381,
                                .baseline = 0.403,
                                .has_plan = TRUE,
                                .n = 128,
                                .total = 128,
                                .state = ESP_STATE_FINAL,
                                .has_interval = TRUE,
                                .interval = { .low = -0.04, .high = -0.006 } };
  const EspLatency latency = { 3.9, 3.8, 4.01, 50, 2 }, whole = { 5.2, 5.1, 5.3, 50, 2 };
  GtkWidget *grid = gtk_grid_new ();
  EspMetricTile *tiles[4];

  gtk_grid_set_row_spacing (GTK_GRID (grid), 6);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 6);
  gtk_grid_set_column_homogeneous (GTK_GRID (grid), TRUE);
  for (int i = 0; i < 4; i++)
    {
      tiles[i] = ESP_METRIC_TILE (esp_metric_tile_new ());
      gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (tiles[i]), i % 2, i / 2, 1, 1);
    }
  map_tile = tiles[0];
  size_tile = tiles[1];
  esp_metric_tile_set_map (tiles[0], &number);
  esp_metric_tile_set_size (tiles[1], 2310000, 3667000);
  esp_metric_tile_set_bflops (tiles[2], 0.48, 0.725);
  esp_metric_tile_set_latency (tiles[3], &latency, &whole, NULL);
  return grid;
}

static GtkWidget *
boxed (GtkWidget *first, GtkWidget *second, int margin)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  gtk_box_append (GTK_BOX (box), first);
  gtk_box_append (GTK_BOX (box), second);
  gtk_widget_set_margin_start (box, margin);
  gtk_widget_set_margin_end (box, margin);
  gtk_widget_set_margin_top (box, margin);
  return box;
}

static GtkWidget *
split (GtkOrientation way, GtkWidget *first, GtkWidget *second, int position, gboolean first_grows)
{
  GtkWidget *paned = gtk_paned_new (way);

  gtk_paned_set_start_child (GTK_PANED (paned), first);
  gtk_paned_set_end_child (GTK_PANED (paned), second);
  gtk_paned_set_resize_start_child (GTK_PANED (paned), first_grows);
  gtk_paned_set_resize_end_child (GTK_PANED (paned), !first_grows);
  gtk_paned_set_shrink_start_child (GTK_PANED (paned), FALSE);
  gtk_paned_set_shrink_end_child (GTK_PANED (paned), FALSE);
  if (position > 0)
    gtk_paned_set_position (GTK_PANED (paned), position);
  gtk_widget_set_vexpand (paned, TRUE);
  return paned;
}

static GtkWidget *
make_left (void)
{
  GtkWidget *images = esp_image_list_new (), *detections = esp_detection_list_new ();
  g_autoptr (GListStore) image_rows = make_images (), detection_rows = make_detections ();

  esp_image_list_set_model (ESP_IMAGE_LIST (images), G_LIST_MODEL (image_rows));
  esp_image_list_select (ESP_IMAGE_LIST (images), 2);
  esp_detection_list_set_model (ESP_DETECTION_LIST (detections), G_LIST_MODEL (detection_rows));
  esp_detection_list_select (ESP_DETECTION_LIST (detections), 0);
  gtk_widget_set_size_request (images, 190, 200);
  gtk_widget_set_size_request (detections, -1, 130);
  return split (GTK_ORIENTATION_VERTICAL, images, detections, 0, TRUE);
}

static GtkWidget *
make_middle (void)
{
  GtkWidget *strip = esp_channel_strip_new ();

  view = ESP_IMAGE_VIEW (esp_image_view_new ());
  fill_view ();
  channels = make_channels (1000);
  g_signal_connect (strip, "map-needed", G_CALLBACK (on_map_needed), NULL);
  g_signal_connect (strip, "rule-requested", G_CALLBACK (on_rule_requested), NULL);
  esp_channel_strip_set_model (ESP_CHANNEL_STRIP (strip), G_LIST_MODEL (channels));
  esp_channel_strip_set_title (ESP_CHANNEL_STRIP (strip), "Layer 57 · 830 of 1000 kept");
  gtk_widget_set_size_request (strip, -1, g_getenv ("DEMO_NARROW") != NULL ? 140 : 240);
  return split (GTK_ORIENTATION_VERTICAL, GTK_WIDGET (view), strip, 0, TRUE);
}

static GtkWidget *
make_right (void)
{
  GtkWidget *groups = esp_group_list_new (), *trials = esp_trial_list_new ();
  g_autoptr (GListStore) group_rows = make_groups (), trial_rows = make_trials ();
  GtkWidget *box = boxed (make_tiles (), split (GTK_ORIENTATION_VERTICAL, groups, trials, 0, TRUE), 6);

  esp_group_list_set_model (ESP_GROUP_LIST (groups), G_LIST_MODEL (group_rows));
  esp_group_list_set_ranking_func (ESP_GROUP_LIST (groups), make_ranking, NULL, NULL);
  esp_trial_list_set_model (ESP_TRIAL_LIST (trials), G_LIST_MODEL (trial_rows));
  gtk_widget_set_size_request (box, 310, -1);
  gtk_widget_set_size_request (trials, -1, 110);
  return box;
}

static void
on_activate (GtkApplication *app, gpointer data)
{
  GtkWidget *window = adw_application_window_new (app), *header = adw_header_bar_new ();
  GtkWidget *right = split (GTK_ORIENTATION_HORIZONTAL, make_middle (), make_right (), 0, TRUE);
  GtkWidget *all = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  gtk_box_append (GTK_BOX (all), header);
  gtk_box_append (GTK_BOX (all), split (GTK_ORIENTATION_HORIZONTAL, make_left (), right, 200, FALSE));
  gtk_window_set_default_size (GTK_WINDOW (window), g_getenv ("DEMO_NARROW") != NULL ? 1024 : 1280,
                               g_getenv ("DEMO_NARROW") != NULL ? 600 : 800);
  gtk_window_set_title (GTK_WINDOW (window), "Widgets");
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (window), all);
  gtk_window_present (GTK_WINDOW (window));
}

static void
on_startup (GtkApplication *app, gpointer data)
{
  esp_widgets_init ();
  esp_widgets_load_style (gdk_display_get_default ());
}

int
main (int argc, char **argv)
{
  g_autoptr (AdwApplication) app = adw_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  int status;

  photograph = argc > 1 ? argv[1] : NULL;
  g_signal_connect (app, "startup", G_CALLBACK (on_startup), NULL);
  g_signal_connect (app, "activate", G_CALLBACK (on_activate), NULL);
  status = g_application_run (G_APPLICATION (app), 1, argv);
  g_clear_object (&channels);
  return status;
}
