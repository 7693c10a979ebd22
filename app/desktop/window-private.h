/* window-private.h: what the files of the window share */
#pragma once

#include <json-glib/json-glib.h>

#include "study/study.h"
#include "study/training.h"
#include "widgets/channel-strip.h"
#include "widgets/detection-list.h"
#include "widgets/group-list.h"
#include "widgets/image-list.h"
#include "widgets/image-view.h"
#include "widgets/metric-tile.h"
#include "widgets/recipe-page.h"
#include "widgets/train-page.h"
#include "widgets/trial-list.h"
#include "window.h"

G_BEGIN_DECLS

typedef struct _EspWindowRecipes EspWindowRecipes;
typedef struct _EspWindowLens EspWindowLens;
typedef struct _EspWindowWork EspWindowWork;
typedef struct _EspWindowSought EspWindowSought;

struct _EspWindow
{
  AdwApplicationWindow parent_instance;

  GSettings *settings;   /* (nullable) */
  EspStudy  *study;      /* the document; made with the window, refilled by opening */
  EspTraining *training; /* the run beside the study */
  EspWindowRecipes *recipes; /* the recipe in hand */
  EspWindowLens *lens;       /* the channel in hand */
  EspWindowWork *budget, *sensitivity, *drift; /* the search for a plan; what layers bear; what a plan moves and loses */
  EspWindowSought *sought; /* a row of the last, until its box is in view */
  EspJob    *opening;    /* (nullable): what is being opened */
  EspJob    *exporting;  /* (nullable): what is being written */
  AdwToast  *offer;      /* (nullable) (weak): the plan as it was left last */
  EspStudyFiles files;   /* what the study was opened from */
  EspStudyFiles asked;   /* what is being opened */
  GFile     *plan_file;  /* (nullable): where the plan was saved or opened last */
  gboolean   panes_placed; /* as the settings have them */
  GtkWidget *study_job_row; /* (nullable): in the popover, of the study's own work */

  AdwToastOverlay *toasts;
  AdwWindowTitle  *title;
  GtkWidget       *open_button;
  GtkButton       *undo_button;
  GtkButton       *redo_button;
  GtkStack        *stack;
  AdwStatusPage   *loading_page;
  GtkSpinner      *loading_spinner;
  GtkMenuButton   *jobs_button;
  GtkBox          *jobs_box;
  GtkPaned        *images_paned, *lists_paned, *panel_paned, *strip_paned;
  GtkWidget       *panel;
  EspImageList     *image_list;
  EspDetectionList *detection_list;
  EspImageView     *image_view;
  EspChannelStrip  *channel_strip;
  int               unread_image; /* that is in view and cannot be read; -1: none */
  EspGroupList     *group_list;
  EspTrialList     *trial_list;
  EspTrainPage     *train_page;
  EspRecipePage    *recipe_page;
  GtkBox           *recipe_host, *recipe_alone; /* where it is beside a study, and without one */
  GtkStack         *panel_stack;
  EspMetricTile    *map_tile, *size_tile, *bflops_tile, *latency_tile;
  GListStore       *layer_models; /* of what the drop-down of layers is made */
  guint             stale_source; /* while an explanation is made */
  gboolean          filling; /* drop-downs, by the program: no signal */
  GtkDropDown      *target_drop, *method_drop, *layer_drop, *criterion_drop;
  GtkCheckButton   *round_check;
  GtkMenuButton    *branch_button;
  GActionGroup     *branch_actions; /* borrowed */
  GtkSpinner       *busy_spinner;
  GMenu            *recent_menu;
};

/* window-actions.c */
void esp_window_add_actions    (EspWindow    *window);
void esp_window_update_actions (EspWindow    *window);

/* window-open.c */
void esp_window_open_dialog    (EspWindow    *window);
gboolean esp_window_is_sample  (EspWindow    *window);
void esp_window_accept_drops   (EspWindow    *window);
void esp_window_fill_recent    (EspWindow    *window);
void esp_window_open_study     (EspWindow           *window,
                                const EspStudyFiles *files);
void esp_window_withdraw_offer (EspWindow    *window);

/* window-save.c */
void esp_window_save_plan      (EspWindow    *window,
                                gboolean      ask);
void esp_window_save_picture   (EspWindow    *window);

/* window-export.c */
void esp_window_export         (EspWindow    *window);
void esp_window_end_export     (EspWindow    *window);

/* window-budget.c, window-sensitivity.c, window-drift.c */
void esp_window_bind_budget    (EspWindow    *window);
void esp_window_bind_sensitivity (EspWindow  *window);
void esp_window_bind_drift     (EspWindow    *window);
void esp_window_end_drift      (EspWindow    *window);

/* window-work.c */
void esp_window_show_work      (EspWindowWork  *work); /* its window is opened, or comes to the front */
void esp_window_end_work       (EspWindowWork **work);

/* window-beside.c */
GtkWindow *esp_window_beside   (EspWindow    *window,  /* (transfer none): with a header bar; not shown yet */
                                const char   *title,
                                GtkWidget    *content,
                                int           width,
                                int           height);

/* window-explain.c: target, method and layer; the picture in view */
void esp_window_bind_explain   (EspWindow    *window);

/* window-card.c: the card beside the box that is explained */
void esp_window_bind_card      (EspWindow    *window);
void esp_window_show_card      (EspWindow    *window);

/* window-channels.c */
void esp_window_bind_channels  (EspWindow    *window);

/* window-prune.c: groups, criterion, tiles */
void esp_window_bind_prune     (EspWindow    *window);

/* window-branches.c */
void esp_window_bind_branches  (EspWindow    *window);

/* window-train.c */
void esp_window_bind_train     (EspWindow    *window);
void esp_window_propose_data   (EspWindow    *window);

/* window-recipes.c, window-recipe-rows.c, window-recipe-hand.c */
void esp_window_bind_recipes   (EspWindow    *window);
void esp_window_end_recipes    (EspWindow    *window);
void esp_window_propose_recipe (EspWindow    *window);  /* another study is open */
void esp_window_show_recipes   (EspWindow    *window,   /* the page, whether a study is open or not */
                                gboolean      shown);   /* FALSE: back to where a study is opened, where none is */
gboolean esp_window_recipes_stand_alone (EspWindow *window);
void esp_window_show_report    (EspWindow    *window,
                                JsonNode     *report); /* (nullable) */
char *esp_window_result_cfg    (JsonNode     *report,  /* (transfer full) (nullable): of a row of it */
                                guint         row);

/* window-lens.c */
void esp_window_bind_lens      (EspWindow    *window);
void esp_window_close_lens     (EspWindow    *window);  /* the picture is in view again */
void esp_window_end_lens       (EspWindow    *window);

/* window-jobs.c */
void       esp_window_bind_jobs (EspWindow *window);
GtkWidget *esp_window_show_job  (EspWindow *window,
                                 EspJob    *job);
void       esp_window_hide_job  (EspWindow *window,
                                 GtkWidget *row);
void       esp_window_follow_job (EspWindow *window,
                                 EspJob    *job,   /* (nullable): what runs now */
                                 GtkWidget **row); /* (inout) (nullable): of it */

/* window.c */
void esp_window_show_error     (EspWindow    *window,
                                const char   *heading,
                                const GError *error);
void esp_window_show_title     (EspWindow    *window);
void esp_window_toast          (EspWindow    *window,
                                const char   *text);

G_END_DECLS
