/* test-channel-strip.c: a thousand channels: names, maps on demand, keys, order */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include "channel-strip.h"

#include "channel-cell.h"
#include "common.h"
#include "prune/plan.h"

static guint maps; /* asked for */
static GString *story;

static void
on_map_needed (EspChannelStrip *strip, guint channel, gpointer data)
{
  g_autoptr (EspHeatmap) map = esp_heatmap_new (4, 4);

  maps++;
  map->values[channel % 16] = 1;
  esp_channel_strip_set_map (strip, channel, map);
}

static void
on_rule_requested (EspChannelStrip *strip, GArray *channels, int rule, gpointer data)
{
  for (guint i = 0; i < channels->len; i++)
    g_string_append_printf (story, "%u ", g_array_index (channels, guint, i));
  g_string_append_printf (story, "to %d;", rule);
}

static void
on_activated (EspChannelStrip *strip, guint channel, gpointer data)
{
  g_string_append_printf (story, "open %u;", channel);
}

static GListStore *
make_channels (guint n)
{
  GListStore *store = g_list_store_new (ESP_TYPE_CHANNEL_ROW);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_CHANNEL_ROW, NULL);

      g_object_set (row, "layer", 57, "channel", i, "score", i * 0.001, "kept", i % 4 != 0, "unit", i / 2, "reason", "", NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static GtkWidget *
open_strip (GListStore *store)
{
  GtkWidget *strip = esp_channel_strip_new ();

  maps = 0;
  g_string_set_size (story, 0);
  g_signal_connect (strip, "map-needed", G_CALLBACK (on_map_needed), NULL);
  g_signal_connect (strip, "rule-requested", G_CALLBACK (on_rule_requested), NULL);
  g_signal_connect (strip, "channel-activated", G_CALLBACK (on_activated), NULL);
  esp_channel_strip_set_model (ESP_CHANNEL_STRIP (strip), G_LIST_MODEL (store));
  return test_show (strip, 640, 260);
}

static GtkGridView *
grid_of (GtkWidget *window)
{
  return GTK_GRID_VIEW (test_find (window, GTK_TYPE_GRID_VIEW, 0));
}

/* Presses a key's shortcut as the capture phase would. */
static void
press (GtkGridView *grid, guint key)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (grid));

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) keys = g_list_model_get_item (controllers, i);

      for (guint k = 0; GTK_IS_SHORTCUT_CONTROLLER (keys) && gtk_event_controller_get_propagation_phase (keys) == GTK_PHASE_CAPTURE
                        && k < g_list_model_get_n_items (G_LIST_MODEL (keys));
           k++)
        {
          g_autoptr (GtkShortcut) shortcut = g_list_model_get_item (G_LIST_MODEL (keys), k);
          g_autofree char *name = gtk_shortcut_trigger_to_string (gtk_shortcut_get_trigger (shortcut));

          if (g_str_has_prefix (name, gdk_keyval_name (key)))
            {
              gtk_shortcut_action_activate (gtk_shortcut_get_action (shortcut), 0, GTK_WIDGET (grid), NULL);
              return;
            }
        }
    }
  g_assert_not_reached ();
}

static void
test_names (void)
{
  g_autoptr (GListStore) store = make_channels (12);
  GtkWidget *window = open_strip (store);
  GtkGridView *grid = grid_of (window);

  g_assert_true (gtk_test_accessible_has_role (GTK_ACCESSIBLE (grid), GTK_ACCESSIBLE_ROLE_LIST));
  test_name (grid, "Channels");
  test_description (grid, "12 channels");
  test_name (gtk_widget_get_first_child (GTK_WIDGET (grid)), "Channel 11, score 0.011, kept");
  test_close (window);
}

/* Cells are recycled and maps made on demand: far fewer than there are channels. */
static void
test_thousand (void)
{
  g_autoptr (GListStore) store = make_channels (1000);
  gint64 start = g_get_monotonic_time ();
  GtkWidget *window = open_strip (store);
  guint before;

  g_test_message ("1000 channels: %.0f ms to the first frame, %u maps", (double) (g_get_monotonic_time () - start) / 1000, maps);
  g_assert_cmpuint (maps, <, 500);
  g_assert_cmpuint (maps, >, 0);
  before = maps;
  gtk_widget_activate_action (GTK_WIDGET (grid_of (window)), "list.scroll-to-item", "u", 999);
  test_spin (100);
  g_assert_cmpuint (maps, >, before);
  g_assert_cmpuint (maps, <, 1000);
  test_close (window);
}

/* The times between frames while the strip scrolls from end to end. */
typedef struct
{
  GtkAdjustment *adjustment;
  gint64 last;
  double longest, sum;
  guint frames;
} Scroll;

static gboolean
on_frame (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Scroll *scroll = data;
  gint64 now = g_get_monotonic_time ();
  double value = gtk_adjustment_get_value (scroll->adjustment);

  if (scroll->last != 0)
    {
      scroll->longest = MAX (scroll->longest, (double) (now - scroll->last) / 1000);
      scroll->sum += (double) (now - scroll->last) / 1000;
      scroll->frames++;
    }
  scroll->last = now;
  gtk_adjustment_set_value (scroll->adjustment, value + 60);
  return scroll->frames < 90 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
test_scroll (void)
{
  g_autoptr (GListStore) store = make_channels (1000);
  GtkWidget *window = open_strip (store);
  Scroll scroll = { .adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (grid_of (window))) };

  gtk_widget_add_tick_callback (GTK_WIDGET (grid_of (window)), on_frame, &scroll, NULL);
  for (int i = 0; i < 100 && scroll.frames < 90; i++)
    test_spin (50);
  g_test_message ("scrolling: mean %.1f ms a frame, longest %.1f ms", scroll.sum / scroll.frames, scroll.longest);
  g_assert_cmpuint (scroll.frames, ==, 90);
  g_assert_cmpfloat (gtk_adjustment_get_value (scroll.adjustment), >, 4000);
  test_close (window);
}

static void
test_cut (void)
{
  g_autoptr (GListStore) store = make_channels (12);
  GtkWidget *window = open_strip (store);
  GtkSelectionModel *model = gtk_grid_view_get_model (grid_of (window));
  g_autoptr (GArray) chosen = NULL;
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), 8);

  gtk_selection_model_select_item (model, 0, TRUE);  /* 11, kept */
  gtk_selection_model_select_item (model, 3, FALSE); /* 8, cut by rank */
  press (grid_of (window), GDK_KEY_space);
  g_assert_cmpstr (story->str, ==, "11 8 to 1;");
  g_string_set_size (story, 0);
  gtk_selection_model_select_item (model, 3, TRUE);
  press (grid_of (window), GDK_KEY_space);
  g_assert_cmpstr (story->str, ==, "8 to 2;");
  g_string_set_size (story, 0);
  g_object_set (row, "rule", ESP_CHANNEL_CUT, NULL);
  press (grid_of (window), GDK_KEY_space);
  g_assert_cmpstr (story->str, ==, "8 to 0;");
  chosen = esp_channel_strip_get_selected (ESP_CHANNEL_STRIP (gtk_window_get_child (GTK_WINDOW (window))));
  g_assert_cmpuint (chosen->len, ==, 1);
  test_close (window);
}

static void
test_protect (void)
{
  g_autoptr (GListStore) store = make_channels (12);
  GtkWidget *window = open_strip (store);
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), 11);

  gtk_selection_model_select_item (gtk_grid_view_get_model (grid_of (window)), 0, TRUE);
  press (grid_of (window), GDK_KEY_p);
  g_object_set (row, "rule", ESP_CHANNEL_PROTECTED, NULL);
  press (grid_of (window), GDK_KEY_p);
  g_signal_emit_by_name (grid_of (window), "activate", 0);
  g_assert_cmpstr (story->str, ==, "11 to 2;11 to 0;open 11;");
  test_close (window);
}

static guint
channel_at (GtkWidget *window, guint position)
{
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (gtk_grid_view_get_model (grid_of (window))), position);
  guint channel = 0;

  g_object_get (row, "channel", &channel, NULL);
  return channel;
}

static void
test_order (void)
{
  g_autoptr (GListStore) store = make_channels (12);
  GtkWidget *window = open_strip (store);
  GtkDropDown *sort = GTK_DROP_DOWN (test_find (window, GTK_TYPE_DROP_DOWN, 0));
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), 3);

  g_assert_cmpuint (channel_at (window, 0), ==, 11);
  g_object_set (row, "score", 5.0, NULL);
  test_spin (700);
  g_assert_cmpuint (channel_at (window, 0), ==, 3);
  gtk_drop_down_set_selected (sort, 1);
  g_assert_cmpuint (channel_at (window, 0), ==, 0);
  gtk_drop_down_set_selected (sort, 2);
  g_assert_cmpuint (channel_at (window, 11), ==, 0);
  g_assert_cmpuint (channel_at (window, 9), ==, 8);
  test_close (window);
}

/* Scores that arrive late put the cells in another order: the first stays in view, not the cell that was first. */
static void
test_rewind (void)
{
  g_autoptr (GListStore) store = make_channels (300);
  GtkWidget *window = open_strip (store);
  GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (grid_of (window)));

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), i);

      g_object_set (row, "score", 1 - i * 0.001, NULL);
    }
  test_spin (900);
  g_assert_cmpuint (channel_at (window, 0), ==, 0);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), ==, 0);
  test_close (window);
}

static void
on_told (EspChannelStrip *strip, int channel, gpointer data)
{
  g_string_append_printf (story, "at %d;", channel);
}

static EspChannelCell *
cell_at (GtkWidget *window, guint n)
{
  return ESP_CHANNEL_CELL (test_find (GTK_WIDGET (grid_of (window)), ESP_TYPE_CHANNEL_CELL, n));
}

static gboolean
says (GtkWidget *window, const char *words)
{
  for (guint i = 0; i < 3; i++)
    if (g_str_equal (gtk_label_get_label (GTK_LABEL (test_find (window, GTK_TYPE_LABEL, i))), words))
      return TRUE;
  return FALSE;
}

/* What goes with the channel is said: to the eye in the header, to whoever listens, and of each item to a screen reader. */
static void
test_partners (void)
{
  g_autoptr (GListStore) store = make_channels (12);
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), 11);
  GtkWidget *window;

  g_object_set (row, "reason", "goes with channel 11 of layer 60: shortcut 61 adds 57", NULL);
  window = open_strip (store);
  g_signal_connect (gtk_window_get_child (GTK_WINDOW (window)), "hovered", G_CALLBACK (on_told), NULL);
  test_description (gtk_widget_get_first_child (GTK_WIDGET (grid_of (window))), "goes with channel 11 of layer 60: shortcut 61 adds 57");
  g_signal_emit_by_name (cell_at (window, 0), "hovered", TRUE);
  g_assert_true (says (window, "Channel 11: goes with channel 11 of layer 60: shortcut 61 adds 57"));
  g_signal_emit_by_name (cell_at (window, 1), "hovered", TRUE);
  g_signal_emit_by_name (cell_at (window, 0), "hovered", FALSE); /* late: the pointer is elsewhere already */
  g_assert_true (says (window, "Channel 10 can go alone"));
  g_signal_emit_by_name (cell_at (window, 1), "hovered", FALSE);
  g_assert_true (says (window, ""));
  gtk_widget_grab_focus (gtk_widget_get_first_child (GTK_WIDGET (grid_of (window))));
  g_assert_cmpstr (story->str, ==, "at 11;at 10;at -1;at 11;");
  g_list_store_remove_all (store);
  g_assert_cmpstr (story->str, ==, "at 11;at 10;at -1;at 11;at -1;");
  test_close (window);
}

/* The menu does what the keys do, and what they cannot: one word, one meaning, to all that is selected. */
static void
test_menu (void)
{
  g_autoptr (GListStore) store = make_channels (12);
  GtkWidget *window = open_strip (store);
  GtkWidget *strip = gtk_window_get_child (GTK_WINDOW (window));
  GtkSelectionModel *model = gtk_grid_view_get_model (grid_of (window));

  gtk_selection_model_select_item (model, 0, TRUE);  /* 11, kept */
  gtk_selection_model_select_item (model, 3, FALSE); /* 8, cut by rank */
  gtk_widget_activate_action (strip, "channels.cut", NULL);
  gtk_widget_activate_action (strip, "channels.restore", NULL);
  gtk_widget_activate_action (strip, "channels.protect", NULL);
  g_assert_cmpstr (story->str, ==, "11 8 to 1;8 to 2;11 8 to 2;");
  g_string_set_size (story, 0);
  gtk_widget_grab_focus (gtk_widget_get_first_child (GTK_WIDGET (grid_of (window))));
  press (grid_of (window), GDK_KEY_Menu);                       /* of the selection, which the focus is in */
  gtk_widget_activate_action (strip, "channels.look", NULL);    /* of one channel only */
  gtk_widget_activate_action (strip, "channels.by-rank", NULL); /* no hand has said anything */
  g_assert_cmpstr (story->str, ==, "");
  gtk_widget_activate_action (strip, "channels.select-all", NULL);
  gtk_widget_activate_action (strip, "channels.cut", NULL);
  g_assert_cmpstr (story->str, ==, "11 10 9 8 7 6 5 4 3 2 1 0 to 1;");
  test_close (window);
}

/* A new revision asks for the map again; another image asks for all in view. */
static void
test_revision (void)
{
  g_autoptr (GListStore) store = make_channels (12);
  GtkWidget *window = open_strip (store);
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), 3);

  g_assert_cmpuint (maps, ==, 12);
  g_object_set (row, "revision", 1u, NULL);
  g_assert_cmpuint (maps, ==, 13);
  esp_channel_strip_clear_maps (ESP_CHANNEL_STRIP (gtk_window_get_child (GTK_WINDOW (window))));
  g_assert_cmpuint (maps, ==, 25);
  test_close (window);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  story = g_string_new (NULL);
  g_test_add_func ("/channel-strip/names", test_names);
  g_test_add_func ("/channel-strip/thousand", test_thousand);
  g_test_add_func ("/channel-strip/scroll", test_scroll);
  g_test_add_func ("/channel-strip/cut", test_cut);
  g_test_add_func ("/channel-strip/protect", test_protect);
  g_test_add_func ("/channel-strip/order", test_order);
  g_test_add_func ("/channel-strip/rewind", test_rewind);
  g_test_add_func ("/channel-strip/partners", test_partners);
  g_test_add_func ("/channel-strip/menu", test_menu);
  g_test_add_func ("/channel-strip/revision", test_revision);
  return g_test_run ();
}
