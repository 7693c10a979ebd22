/* training-private.h: the parts of a training beside the study: training.c the object, training-begin.c what is opened first,
 * training-file.c how a run is found again, training-result.c its trial */
#pragma once

#include "study/study-private.h"
#include "study/training.h"

G_BEGIN_DECLS

/* What a run is made of, owned, so that it can be put together in a thread. */
typedef struct
{
  EspMaterial *material;
  EspMask     *mask;     /* (nullable): the plan's, where the cut network is trained */
  EspDataset  *train;    /* (nullable): to be opened from path */
  char        *path, *split;
  guint        epochs;
  double       rate;
  char        *policy;   /* (nullable) */
  gboolean     scratch, average;
  gboolean     cut;      /* as it was chosen, whether or not there was a plan */
  char        *folder;
  gboolean     resumes;  /* the folder holds a checkpoint of this run */
} TrainingBegin;

void           training_begin_free (TrainingBegin       *begin);
EspDataset    *training_open_data  (const EspMaterial   *material,
                                    const char          *path,
                                    const char          *split,  /* (nullable): train, where the format has it */
                                    EspJob              *job,
                                    GError             **error);
EspTrainer    *training_begin      (TrainingBegin       *begin,  /* fills in train */
                                    GError             **error);

char          *training_file_text  (const TrainingBegin *begin); /* (transfer full): run.json */
gboolean       training_file_load  (TrainingBegin       *begin,  /* of @folder; fills in the rest but for the material */
                                    GError             **error);

/* Measures what the run left on the study's images and adds the trial. */
gboolean       training_result     (EspStudy            *study,
                                    EspTrainer          *trainer,
                                    const char          *title);
void           training_find_files (const EspMaterial   *material,
                                    EspTrainer          *trainer,
                                    EspStudyFiles       *files);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrainingBegin, training_begin_free)

G_END_DECLS
