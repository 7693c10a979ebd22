/* channel-strip-private.h: the parts of the strip: channel-strip.c its cells, channel-strip-hands.c what pointer, keys and menu do to
 * them */
#pragma once

#include "channel-cell.h"
#include "channel-strip.h"

G_BEGIN_DECLS

struct _EspChannelStrip
{
  GtkBox parent_instance;

  GtkLabel *title;
  GtkLabel *reason;
  GtkDropDown *sort;
  GtkGridView *grid;
  GtkScrolledWindow *scroller;

  GListModel *model;
  GtkSortListModel *sorted;
  GtkMultiSelection *selection;
  GtkSorter *sorter;
  GHashTable *maps;  /* channel -> GdkTexture */
  GHashTable *cells; /* channel -> EspChannelCell in use, borrowed */
  guint resort;
  guint rewind; /* source that goes back to the first cell */
  int columns;  /* as last told to the grid */
  guint recolumn;

  int pointed, focused; /* channel under the pointer, with the keyboard's focus; -1 none */
  int told;             /* of the two, the one that was told last */
  int handed;           /* where the keyboard was last; -1: nowhere yet among these channels */
  GSimpleActionGroup *actions;
  GMenuModel *cell_menu;
  GtkWidget *menu; /* of that, a popover of the strip's own */
};

/* channel-strip.c */
void       esp_channel_strip_request      (EspChannelStrip *strip,   /* a hand wants this */
                                           GPtrArray       *rows,
                                           int              rule);
void       esp_channel_strip_tell_hovered (EspChannelStrip *strip);  /* as told */
void       esp_channel_strip_look_at      (EspChannelStrip *strip,
                                           guint            channel);

/* channel-strip-hands.c */
void       esp_channel_strip_add_hands    (EspChannelStrip *strip);
void       esp_channel_strip_drop_hands   (EspChannelStrip *strip);
void       esp_channel_strip_watch        (EspChannelStrip *strip,   /* a cell that is new */
                                           EspChannelCell  *cell);
void       esp_channel_strip_watch_item   (EspChannelStrip *strip,   /* it has a place in the grid */
                                           EspChannelCell  *cell);
void       esp_channel_strip_light        (EspChannelStrip *strip,   /* as its row's unit goes with the one that is told */
                                           EspChannelCell  *cell);
void       esp_channel_strip_forget_cell  (EspChannelStrip *strip,   /* its channel is another's from here on */
                                           EspChannelCell  *cell);
void       esp_channel_strip_enter        (EspChannelStrip *strip);  /* the keyboard came in: to where a person looks */
GPtrArray *esp_channel_strip_chosen       (EspChannelStrip *strip);  /* (transfer full): rows that keys and menu act on */

G_END_DECLS
