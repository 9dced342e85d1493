from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('predictor', '0008_estimator'),
    ]

    operations = [
        migrations.AddField(
            model_name='modelversion',
            name='evaluation',
            field=models.JSONField(blank=True, default=dict, help_text='Quality on test data; empty without test data.'),
        ),
    ]
